import type { Result } from '@hypermesh/client';
import { useRef } from 'preact/hooks';
import { formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Facts } from '../../parts/figures.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Plot } from '../../parts/plot.tsx';

type Ledger = Result<'ledger'>;

/** How long each block took from its proposal until it was final, as this node saw it. */
export function FinalityPlot({ ledger }: { readonly ledger: Ledger }) {
  const samples = useSamples(ledger);
  const { finality } = ledger;
  if (finality === null || samples.length === 0)
    return (
      <Empty title="No block became final since this node started">
        <p>Blocks come when operations wait, and every {formatDuration(ledger.heartbeatMs)} when none do.</p>
      </Empty>
    );
  return (
    <>
      <Plot
        title={`The last ${formatCount(samples.length)} that this page saw`}
        timesMs={samples.map(({ atMs }) => atMs)}
        series={[{ label: 'Until final', values: samples.map(({ ms }) => ms) }]}
        format={formatDuration}
        isPoints
      />
      <Facts
        facts={[
          ['Half within', formatDuration(finality.p50Ms)],
          ['90 of 100 within', formatDuration(finality.p90Ms)],
          ['99 of 100 within', formatDuration(finality.p99Ms)],
          ['Longest', formatDuration(finality.maxMs)],
          ['Of so many blocks', formatCount(finality.samples)],
        ]}
      />
    </>
  );
}

interface Sample {
  readonly height: number;
  readonly atMs: number;
  readonly ms: number;
}

const mostSamples = 300;

/** One sample for each block that became final while the page is there. */
function useSamples({ height, last, finality }: Ledger): readonly Sample[] {
  const samples = useRef<readonly Sample[]>([]);
  if (finality !== null && last !== null && samples.current.at(-1)?.height !== height)
    samples.current = [...samples.current, { height, atMs: last.timeMs, ms: finality.lastMs }].slice(
      -mostSamples,
    );
  return samples.current;
}
