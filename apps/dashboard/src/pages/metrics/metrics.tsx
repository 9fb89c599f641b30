import { useSignal } from '@preact/signals';
import { linesOf } from '../../data/history.ts';
import { useAnswer } from '../../data/node.ts';
import { ChoiceField } from '../../parts/fields.tsx';
import { Answered } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { Plot } from '../../parts/plot.tsx';
import { Alerts } from './alerts.tsx';
import { AllMetrics } from './all-metrics.tsx';
import { type Chart, charts } from './charts.ts';
import { Rules } from './rules.tsx';

const spans = { hour: 3_600_000, day: 86_400_000 } as const;

/** What this node measures of itself over a day, alerts that fire, and the rules that make them. */
export function Page() {
  const span = useSignal<keyof typeof spans>('hour');
  return (
    <>
      <PageHead
        title="Metrics and alerts"
        lede="Counted at the source and kept by the node for 24 hours, through restarts. Prometheus reads the same numbers at /metrics."
        actions={
          <ChoiceField
            label="Shown"
            name="span"
            value={span.value}
            choices={[
              ['hour', 'the last hour'],
              ['day', 'the last day'],
            ]}
            onInput={(value) => {
              span.value = value === 'day' ? 'day' : 'hour';
            }}
          />
        }
      />
      <div class="grid">
        <Alerts />
        {charts.map((chart) => (
          <ChartPanel key={`${chart.title} ${span.value}`} chart={chart} spanMs={spans[span.value]} />
        ))}
        <Rules />
        <AllMetrics />
      </div>
    </>
  );
}

function ChartPanel({ chart, spanMs }: { readonly chart: Chart; readonly spanMs: number }) {
  const names = chart.series.map(({ name }) => name);
  const history = useAnswer(
    'metrics-history',
    // The node knows what time it is; an hour is what it gives unless told.
    { series: names, ...(spanMs === spans.hour ? {} : { fromMs: dayAgo() }) },
    { topics: ['metrics'], everyMs: 10_000 },
  );
  return (
    <Panel title={chart.title}>
      <Answered answer={history}>
        {(value) => {
          const lines = linesOf(names, value);
          return (
            <Plot
              title={chart.title}
              isTitled
              timesMs={value.times}
              series={chart.series.map(({ label }, at) => ({
                label,
                values: lines[at] ?? [],
              }))}
              format={chart.format}
            />
          );
        }}
      </Answered>
    </Panel>
  );
}

/** A day ago to the minute, so that what is asked stays the same for a while. */
function dayAgo(): number {
  return Math.floor(Date.now() / 60_000) * 60_000 - spans.day;
}
