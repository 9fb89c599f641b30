import type { Result } from '@hypermesh/client';
import { formatCount } from '../../format/numbers.ts';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

type Movement = Result<'wallet'>['history'][number];

/** What moved, newest first. */
export function History({ history }: { readonly history: readonly Movement[] }) {
  return (
    <Panel title="Movements" isWide>
      <Table
        caption="Movements of value"
        columns={columns}
        rows={history}
        keyOf={({ id, kind, from, to }) => `${id} ${kind} ${from} ${to}`}
        textOf={({ kind, from, to, note }) => `${kind} ${from} ${to} ${note}`}
        empty={
          <Empty title="Nothing moved yet">
            <p>Runs that are paid and transfers stand here as soon as the ledger ordered them.</p>
          </Empty>
        }
      />
    </Panel>
  );
}

const columns: readonly Column<Movement>[] = [
  { id: 'kind', title: 'What', cell: ({ kind }) => kind, sortBy: ({ kind }) => kind },
  { id: 'when', title: 'When', cell: ({ atMs }) => <When atMs={atMs} />, sortBy: ({ atMs }) => atMs },
  { id: 'from', title: 'From', cell: ({ from }) => from, sortBy: ({ from }) => from, from: 'medium' },
  { id: 'to', title: 'To', cell: ({ to }) => to, sortBy: ({ to }) => to },
  { id: 'note', title: 'Note', cell: ({ note }) => <span class="wrap">{note}</span>, from: 'wide' },
  {
    id: 'amount',
    title: 'Amount',
    cell: ({ amount }) => formatCount(amount),
    sortBy: ({ amount }) => BigInt(amount),
    isNumber: true,
  },
];
