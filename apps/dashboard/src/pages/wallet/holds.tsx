import type { Result } from '@hypermesh/client';
import { Badge } from '../../parts/badge.tsx';
import { countColumn, timeColumn, wordColumn } from '../../parts/columns.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Hold = Result<'wallet'>['holds'][number];

/** What is put aside for runs that are not settled yet. */
export function Holds({ holds }: { readonly holds: readonly Hold[] }) {
  return (
    <Panel title="Put aside">
      <Table
        caption="Escrows"
        columns={columns}
        rows={holds}
        keyOf={({ id }) => id}
        empty={
          <Empty title="Nothing is put aside">
            <p>A run puts its highest cost aside before it starts; what it did not use comes back.</p>
          </Empty>
        }
      />
    </Panel>
  );
}

const columns: readonly Column<Hold>[] = [
  wordColumn('From', ({ from }) => from),
  wordColumn('For', ({ to }) => to),
  countColumn('Amount', ({ amount }) => BigInt(amount)),
  { id: 'status', title: 'State', cell: ({ status }) => <Badge>{status}</Badge>, from: 'medium' },
  timeColumn('Until', ({ expiresMs }) => expiresMs, 'medium'),
];
