import type { Result } from '@hypermesh/client';
import { formatCount } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

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
  { id: 'from', title: 'From', cell: ({ from }) => from, sortBy: ({ from }) => from },
  { id: 'to', title: 'For', cell: ({ to }) => to, sortBy: ({ to }) => to },
  {
    id: 'amount',
    title: 'Amount',
    cell: ({ amount }) => formatCount(amount),
    sortBy: ({ amount }) => BigInt(amount),
    isNumber: true,
  },
  { id: 'status', title: 'State', cell: ({ status }) => <Badge>{status}</Badge>, from: 'medium' },
  { id: 'until', title: 'Until', cell: ({ expiresMs }) => <When atMs={expiresMs} />, from: 'medium' },
];
