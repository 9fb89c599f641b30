import type { Result } from '@hypermesh/client';
import { Badge } from '../../parts/badge.tsx';
import { sizeColumn, timeColumn, wordColumn } from '../../parts/columns.tsx';
import { Id } from '../../parts/id.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { wordsOfRights } from './rights.ts';

type UsableRegion = Result<'memory-list'>['usable'][number];

/** What others granted to this node. */
export function Usable({ usable }: { readonly usable: readonly UsableRegion[] }) {
  return (
    <Panel title="Granted to this node">
      <Table
        caption="Regions of others that this node may use"
        columns={columns}
        rows={usable}
        keyOf={({ grant }) => grant}
        empty={
          <Empty title="Nobody granted memory to this node">
            <p>A member that lends a region grants it by your name.</p>
          </Empty>
        }
      />
    </Panel>
  );
}

const columns: readonly Column<UsableRegion>[] = [
  {
    id: 'address',
    title: 'Address',
    cell: ({ address }) => <Id value={address} what="address of the region" isPlain />,
  },
  wordColumn('At', ({ home }) => home),
  sizeColumn('Size', ({ sizeBytes }) => sizeBytes),
  { id: 'rights', title: 'May', cell: ({ rights }) => wordsOfRights(rights), from: 'wide' },
  timeColumn('Until', ({ expiresMs }) => expiresMs, 'medium'),
  {
    id: 'attached',
    title: 'State',
    cell: ({ isAttached }) => (isAttached ? <Badge tone="good">attached</Badge> : null),
    from: 'wide',
  },
];
