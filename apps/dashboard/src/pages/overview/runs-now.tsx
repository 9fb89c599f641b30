import { useAnswer } from '../../data/node.ts';
import { formatDuration } from '../../format/times.ts';
import { nowMs } from '../../parts/clock.ts';
import { Answered, Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';
import { RunState, runLink } from '../runs/run-state.tsx';

/** What runs at this moment, for this node and on it, and what ran last. */
export function RunsNow() {
  const runs = useAnswer('runs', { limit: 6 }, { topics: ['runs'] });
  return (
    <Panel title="Runs" aside={<a href="/runs">all runs</a>}>
      <Answered answer={runs}>
        {({ runs: latest, running }) =>
          latest.length === 0 ? (
            <Empty title="Nothing runs, and nothing has run yet">
              <p>
                <a href="/packages">Find a package</a> and have another member run it, or lend this machine:{' '}
                <a href="/assets">set its policies</a>.
              </p>
            </Empty>
          ) : (
            <>
              <p class="muted">
                {running === 0 ? 'Nothing runs now. The last ones:' : `${running} running now.`}
              </p>
              <ul class="rows">
                {latest.map((run) => (
                  <li key={`${run.lease} ${run.role}`}>
                    <a href={runLink(run)}>{run.package}</a>
                    <span class="muted">
                      {run.role === 'asked' ? `on ${run.with}` : `here, for ${run.with}`}
                    </span>
                    <RunState run={run} />
                    <span class="numbers muted">
                      {run.tookMs === null ? (
                        formatDuration(Math.max(0, nowMs.value - run.startedMs))
                      ) : (
                        <When atMs={run.startedMs} />
                      )}
                    </span>
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </Answered>
    </Panel>
  );
}
