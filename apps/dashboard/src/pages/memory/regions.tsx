import type { Result } from '@hypermesh/client';
import { mayAct } from '../../app/access.ts';
import { blockColumn, sizeColumn, timeColumn } from '../../parts/columns.tsx';
import { Id } from '../../parts/id.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { GrantButton } from './grant-form.tsx';

type Region = Result<'memory-list'>['regions'][number];

/** What this node lends. */
export function Regions({ regions }: { readonly regions: readonly Region[] }) {
  return (
    <Panel title="Lent by this node" isWide>
      <Table
        caption="Regions that this node lends"
        columns={columns.filter(({ id }) => mayAct.value || id !== 'grant')}
        rows={regions}
        keyOf={({ address }) => address}
        empty={
          <Empty title="Nothing is lent">
            <p>
              Lend a region below, or with <code>hypermesh memory lend</code>.
            </p>
          </Empty>
        }
      />
    </Panel>
  );
}

const columns: readonly Column<Region>[] = [
  {
    id: 'address',
    title: 'Address',
    cell: ({ address }) => <Id value={address} what="address of the region" isPlain />,
  },
  sizeColumn('Size', ({ sizeBytes }) => sizeBytes),
  timeColumn('Until', ({ expiresMs }) => expiresMs),
  blockColumn(({ height }) => height, 'wide'),
  { id: 'grant', title: 'Grant', cell: (region) => <GrantButton region={region} /> },
];
