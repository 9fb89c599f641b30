import type { Result } from '@hypermesh/client';
import { Badge } from '../../parts/badge.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Status = Result<'status'>;
type Member = Status['members'][number];

/** The members of the mesh, and which of them this node is linked with. */
export function Members({ status: { members } }: { readonly status: Status }) {
  return (
    <Panel title="Members" aside={<a href="/topology">links in detail</a>}>
      <Table
        caption="Members of the mesh"
        columns={columns}
        rows={members}
        keyOf={({ nodeId }) => nodeId}
        isMarked={({ self }) => self}
        empty={
          <Empty title="Nobody yet">
            <p>
              Members are known once there is a ledger. On the node that founded the mesh this prints
              invitations:
            </p>
            <pre>
              <code>hypermesh invite</code>
            </pre>
          </Empty>
        }
      />
    </Panel>
  );
}

const columns: readonly Column<Member>[] = [
  {
    id: 'name',
    title: 'Member',
    cell: ({ name, self, nodeId }) => (
      <span title={nodeId}>
        {name} {self ? <span class="muted">this node</span> : null}
      </span>
    ),
    sortBy: ({ name }) => name,
  },
  {
    id: 'link',
    title: 'Link',
    cell: ({ self, connected, carrier }) =>
      self ? (
        ''
      ) : connected ? (
        <Badge tone="good">{carrier ?? 'open'}</Badge>
      ) : (
        <Badge tone="warn">not connected</Badge>
      ),
    sortBy: ({ connected, self }) => (self ? 2 : connected ? 1 : 0),
  },
  { id: 'kem', title: 'Keys', cell: ({ kem }) => kem ?? '', from: 'medium' },
];
