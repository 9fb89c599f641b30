import type { Result } from '@hypermesh/client';
import { linesOf } from '../../data/history.ts';
import { useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Facts } from '../../parts/figures.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { Plot } from '../../parts/plot.tsx';

const series = [
  { name: 'hypermesh_consensus_finality_seconds_p50', label: 'half within' },
  { name: 'hypermesh_consensus_finality_seconds_p95', label: '95 of 100 within' },
] as const;

const names = series.map(({ name }) => name);

const seconds = (value: number): string => formatDuration(value * 1000);

/** How long blocks took from their first sight here until they were final: over the last hour, and the last of them in figures. */
export function FinalityPlot({ ledger: { finality, heartbeatMs } }: { readonly ledger: Result<'ledger'> }) {
  const history = useAnswer('metrics-history', { series: names }, { topics: ['metrics'], everyMs: 10_000 });
  if (finality === null)
    return (
      <Empty title="No block became final since this node started">
        <p>Blocks come when operations wait, and every {formatDuration(heartbeatMs)} when none do.</p>
      </Empty>
    );
  return (
    <>
      <Answered answer={history}>
        {(value) => {
          const lines = linesOf(names, value);
          return (
            <Plot
              title="The last hour at most"
              timesMs={value.times}
              series={series.map(({ label }, at) => ({
                label,
                values: lines[at] ?? [],
              }))}
              format={seconds}
            />
          );
        }}
      </Answered>
      <Facts
        facts={[
          ['Half within', formatDuration(finality.p50Ms)],
          ['90 of 100 within', formatDuration(finality.p90Ms)],
          ['99 of 100 within', formatDuration(finality.p99Ms)],
          ['Longest', formatDuration(finality.maxMs)],
          ['Of the last blocks', formatCount(finality.samples)],
        ]}
      />
    </>
  );
}
