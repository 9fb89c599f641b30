import type { Result } from '@hypermesh/client';
import { countColumn, timeColumn, wordColumn } from '../../parts/columns.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

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
  wordColumn('What', ({ kind }) => kind),
  timeColumn('When', ({ atMs }) => atMs),
  wordColumn('From', ({ from }) => from, 'medium'),
  wordColumn('To', ({ to }) => to),
  { id: 'note', title: 'Note', cell: ({ note }) => <span class="wrap">{note}</span>, from: 'wide' },
  countColumn('Amount', ({ amount }) => BigInt(amount)),
];
