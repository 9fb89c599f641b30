import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatBytes, formatCount, formatRate } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Badge } from '../../parts/badge.tsx';
import { timeColumn } from '../../parts/columns.tsx';
import { Figures } from '../../parts/figures.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Graph } from './graph.tsx';

type Member = Result<'topology'>['members'][number];

/** With whom this node is linked, how far away each is, and how much goes over each link. */
export function Page() {
  const topology = useAnswer('topology', {}, { topics: ['links', 'status', 'metrics'], everyMs: 1_000 });
  return (
    <>
      <PageHead
        title="Topology"
        lede="The links of this node, as it sees them itself. Every one is encrypted with a hybrid of classical and post-quantum keys; what others have among themselves is not known here."
      />
      <Answered answer={topology}>
        {(value) => {
          const others = value.members.filter(({ self }) => !self);
          const linked = others.filter(({ connected }) => connected);
          const sum = (of: (member: Member) => number) =>
            others.reduce((total, member) => total + of(member), 0);
          const trips = linked.flatMap(({ rttMs }) => (rttMs === null ? [] : [rttMs]));
          return (
            <>
              <Figures
                figures={[
                  { label: 'Linked members', value: `${linked.length} of ${others.length}` },
                  {
                    label: 'Longest round trip',
                    value: trips.length === 0 ? 'not measured' : formatDuration(Math.max(...trips)),
                  },
                  {
                    label: 'In',
                    value: formatRate(sum(({ rateInBps }) => rateInBps)),
                    note: `${formatBytes(sum(({ bytesIn }) => bytesIn))} since the start`,
                  },
                  {
                    label: 'Out',
                    value: formatRate(sum(({ rateOutBps }) => rateOutBps)),
                    note: `${formatBytes(sum(({ bytesOut }) => bytesOut))} since the start`,
                  },
                ]}
              />
              <div class="stack">
                {others.length === 0 ? (
                  <Panel title="Links">
                    <Empty title="This node is alone">
                      <p>Let another machine join: this prints a line that it can join by.</p>
                      <pre>
                        <code>hypermesh invite</code>
                      </pre>
                    </Empty>
                  </Panel>
                ) : (
                  <>
                    <Panel title="Drawn" aside="a thicker line carries more">
                      <Graph topology={value} />
                    </Panel>
                    <Panel title="Links">
                      <Table
                        caption="Links of this node"
                        columns={columns}
                        rows={others}
                        keyOf={({ nodeId }) => nodeId}
                        empty={null}
                      />
                    </Panel>
                  </>
                )}
              </div>
            </>
          );
        }}
      </Answered>
    </>
  );
}

const columns: readonly Column<Member>[] = [
  {
    id: 'name',
    title: 'Member',
    cell: ({ name, nodeId }) => <span title={nodeId}>{name}</span>,
    sortBy: ({ name }) => name,
  },
  {
    id: 'state',
    title: 'Link',
    cell: ({ connected, reconnects }) => (
      <>
        {connected ? <Badge tone="good">open</Badge> : <Badge tone="warn">not connected</Badge>}
        {reconnects === 0 ? null : <span class="muted"> again {formatCount(reconnects)} times</span>}
      </>
    ),
    sortBy: ({ connected }) => (connected ? 1 : 0),
  },
  {
    id: 'rtt',
    title: 'Round trip',
    cell: ({ rttMs }) => (rttMs === null ? '' : formatDuration(rttMs)),
    sortBy: ({ rttMs }) => rttMs ?? undefined,
    isNumber: true,
  },
  {
    id: 'in',
    title: 'In',
    cell: ({ rateInBps }) => formatRate(rateInBps),
    sortBy: ({ rateInBps }) => rateInBps,
    isNumber: true,
    from: 'medium',
  },
  {
    id: 'out',
    title: 'Out',
    cell: ({ rateOutBps }) => formatRate(rateOutBps),
    sortBy: ({ rateOutBps }) => rateOutBps,
    isNumber: true,
    from: 'medium',
  },
  {
    id: 'moved',
    title: 'Moved in and out',
    cell: ({ bytesIn, bytesOut }) => `${formatBytes(bytesIn)}, ${formatBytes(bytesOut)}`,
    sortBy: ({ bytesIn, bytesOut }) => bytesIn + bytesOut,
    isNumber: true,
    from: 'wide',
  },
  {
    id: 'carrier',
    title: 'Over',
    cell: ({ carrier, direction }) => [carrier, direction].filter((word) => word !== undefined).join(', '),
    sortBy: ({ carrier }) => carrier,
    from: 'wide',
  },
  {
    id: 'kem',
    title: 'Keys',
    cell: ({ kem, signature }) => (
      <span title={signature === undefined ? undefined : `signed with ${signature}`}>{kem ?? ''}</span>
    ),
    from: 'wide',
  },
  timeColumn('Since', ({ sinceMs }) => sinceMs, 'medium'),
];
