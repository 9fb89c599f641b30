import type { Result } from '@hypermesh/client';
import { formatBytes } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import { Id } from '../../parts/id.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
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
  { id: 'home', title: 'At', cell: ({ home }) => home, sortBy: ({ home }) => home },
  {
    id: 'size',
    title: 'Size',
    cell: ({ sizeBytes }) => formatBytes(sizeBytes),
    sortBy: ({ sizeBytes }) => sizeBytes,
    isNumber: true,
  },
  { id: 'rights', title: 'May', cell: ({ rights }) => wordsOfRights(rights), from: 'wide' },
  { id: 'until', title: 'Until', cell: ({ expiresMs }) => <When atMs={expiresMs} />, from: 'medium' },
  {
    id: 'attached',
    title: 'State',
    cell: ({ isAttached }) => (isAttached ? <Badge tone="good">attached</Badge> : null),
    from: 'wide',
  },
];
