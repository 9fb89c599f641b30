import type { Result } from '@hypermesh/client';
import { formatRate } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import { countColumn, sizeColumn, timeColumn } from '../../parts/columns.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Transfer = Result<'transfers'>['recent'][number];

/** What came lately, newest first. */
export function Recent({ recent }: { readonly recent: readonly Transfer[] }) {
  return (
    <Panel title="Came lately" isWide>
      <Table
        caption="The last hundred transfers"
        columns={columns}
        rows={recent}
        keyOf={({ id }) => String(id)}
        textOf={({ name, root, state }) => `${name ?? ''} ${root} ${state}`}
        empty={
          <Empty title="Nothing came yet">
            <p>Install a package, and it stands here.</p>
          </Empty>
        }
      />
    </Panel>
  );
}

const tones = { done: 'good', failed: 'bad', cancelled: 'plain', active: 'plain' } as const;

const columns: readonly Column<Transfer>[] = [
  {
    id: 'name',
    title: 'What',
    cell: ({ name }) => name ?? 'content without a name',
    sortBy: ({ name }) => name ?? '',
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ state, reason }) => (
      <>
        <Badge tone={tones[state]}>{state}</Badge> {reason ?? ''}
      </>
    ),
    sortBy: ({ state }) => state,
  },
  sizeColumn('Moved', ({ bytesMoved }) => bytesMoved),
  sizeColumn('Here before', ({ bytesReused }) => bytesReused, 'wide'),
  { id: 'rate', title: 'Rate', cell: ({ rateBps }) => formatRate(rateBps), isNumber: true, from: 'wide' },
  {
    id: 'peers',
    title: 'From',
    cell: ({ peers }) => peers.map(({ name }) => name).join(', '),
    from: 'medium',
  },
  countColumn('Refused', ({ chunksRefused }) => chunksRefused, 'wide'),
  timeColumn('When', ({ endedMs, startedMs }) => endedMs ?? startedMs, 'medium'),
];
