import { useAnswer } from '../../data/node.ts';
import { nowMs } from '../../parts/clock.ts';
import { Answered, Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Plot } from '../../parts/plot.tsx';
import { perStep } from './rates.ts';

const stepMs = 10_000;

/** How many blocks came in each ten seconds, and how many operations they carried. */
export function BlockRate() {
  const blocks = useAnswer('blocks', { limit: 200 }, { topics: ['blocks'], everyMs: 1_000 });
  return (
    <Panel title="Blocks in ten seconds">
      <Answered answer={blocks}>
        {({ blocks: known }) => {
          const span = { nowMs: nowMs.value, stepMs, steps: 60 };
          const rate = perStep(
            known.map(({ timeMs }) => timeMs),
            span,
          );
          if (rate.counts.length < 2)
            return (
              <Empty title="Too few blocks to draw">
                <p>They come when operations wait, and now and then when none do.</p>
              </Empty>
            );
          return (
            <Plot
              title="Last ten minutes at most"
              timesMs={rate.timesMs}
              series={[{ label: 'Blocks', values: rate.counts }]}
              format={(value) => String(Math.round(value))}
            />
          );
        }}
      </Answered>
    </Panel>
  );
}
