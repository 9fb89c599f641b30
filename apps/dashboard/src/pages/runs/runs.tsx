import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import type { PageProps } from '../../app/page.ts';
import { useAnswer } from '../../data/node.ts';
import { formatCompact } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Acts } from '../../parts/acts.tsx';
import { Badge } from '../../parts/badge.tsx';
import { countColumn, timeColumn } from '../../parts/columns.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { RunState, runLink } from './run-state.tsx';
import { StartRun } from './start-run.tsx';

type Run = Result<'runs'>['runs'][number];

/** Having packages executed, and everything that was executed for this node and by it. */
export function Page({ query }: PageProps) {
  const runs = useAnswer('runs', { limit: 200 }, { topics: ['runs'] });
  const role = useSignal('');
  const shown = (all: readonly Run[]) =>
    role.value === '' ? all : all.filter((run) => run.role === role.value);
  return (
    <>
      <PageHead
        title="Runs"
        lede="A package is executed by another member, under a lease with four proofs, and again by a second one. Digest, fuel and cost come back with a signed receipt."
      />
      <div class="stack">
        <Acts>
          <StartRun spec={query.get('spec') ?? ''} />
        </Acts>
        <Panel title="Runs of this node">
          <Answered answer={runs}>
            {({ runs: all }) => (
              <Table
                caption="Runs"
                columns={columns}
                rows={shown(all)}
                keyOf={(run) => `${run.lease} ${run.role}`}
                textOf={(run) => `${run.package} ${run.with} ${run.status} ${run.detail}`}
                tools={
                  <select
                    class="input chooser"
                    aria-label="Whose runs"
                    value={role.value}
                    onChange={(event) => {
                      role.value = event.currentTarget.value;
                    }}
                  >
                    <option value="">Asked for and executed here</option>
                    <option value="asked">Asked for by this node</option>
                    <option value="executed">Executed here for others</option>
                  </select>
                }
                empty={
                  <Empty title="Nothing has run yet">
                    <p>
                      Start a run above: any package that is published will do. What others have executed here
                      appears in this table too.
                    </p>
                  </Empty>
                }
              />
            )}
          </Answered>
        </Panel>
      </div>
    </>
  );
}

const columns: readonly Column<Run>[] = [
  {
    id: 'package',
    title: 'Package',
    cell: (run) => <a href={runLink(run)}>{run.package}</a>,
    sortBy: (run) => run.package,
  },
  { id: 'status', title: 'State', cell: (run) => <RunState run={run} />, sortBy: ({ status }) => status },
  {
    id: 'role',
    title: 'Role',
    cell: ({ role, with: other }) =>
      role === 'asked' ? `executed by ${other}` : `executed here for ${other}`,
    sortBy: ({ role }) => role,
    from: 'medium',
  },
  {
    id: 'fuel',
    title: 'Fuel',
    cell: ({ fuel }) => (fuel === null ? '' : formatCompact(fuel)),
    sortBy: ({ fuel }) => (fuel === null ? undefined : BigInt(fuel)),
    isNumber: true,
    from: 'wide',
  },
  countColumn('Cost', ({ charge }) => (charge === null ? undefined : BigInt(charge)), 'wide'),
  {
    id: 'again',
    title: 'Executed again',
    cell: ({ reexecutedBy, matches }) =>
      reexecutedBy === null ? (
        ''
      ) : matches === false ? (
        <Badge tone="bad">{reexecutedBy} differs</Badge>
      ) : (
        <Badge tone="good">{reexecutedBy} agrees</Badge>
      ),
    from: 'wide',
  },
  {
    id: 'took',
    title: 'Took',
    cell: ({ tookMs }) => (tookMs === null ? '' : formatDuration(tookMs)),
    sortBy: ({ tookMs }) => tookMs ?? undefined,
    isNumber: true,
    from: 'medium',
  },
  timeColumn('Started', ({ startedMs }) => startedMs),
];
