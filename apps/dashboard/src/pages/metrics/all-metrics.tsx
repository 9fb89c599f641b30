import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatFigure } from '../../format/numbers.ts';
import { Answered } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Metric = Result<'metrics'>['metrics'][number];

interface Row {
  readonly key: string;
  readonly metric: Metric;
  readonly labels: string;
  readonly value: number;
}

/** Every metric as it stands. */
export function AllMetrics() {
  const metrics = useAnswer('metrics', {}, { topics: ['metrics'], everyMs: 10_000 });
  return (
    <Panel title="Every metric" isWide>
      <Answered answer={metrics}>
        {(value) => (
          <Table
            caption="Metrics of this node"
            columns={columns}
            rows={rowsOf(value.metrics)}
            keyOf={({ key }) => key}
            textOf={({ key, metric }) => `${key} ${metric.help}`}
            empty={<p class="muted">Nothing was counted yet.</p>}
          />
        )}
      </Answered>
    </Panel>
  );
}

function rowsOf(metrics: readonly Metric[]): readonly Row[] {
  return metrics.flatMap((metric) =>
    metric.series.map(({ labels, value }) => {
      const text = Object.entries(labels)
        .map(([name, each]) => `${name} ${each}`)
        .join(', ');
      return { key: `${metric.name} ${text}`, metric, labels: text, value };
    }),
  );
}

const columns: readonly Column<Row>[] = [
  {
    id: 'name',
    title: 'Metric',
    cell: ({ metric: { name } }) => <code class="wrap">{name}</code>,
    sortBy: ({ metric }) => metric.name,
  },
  {
    id: 'labels',
    title: 'Of',
    cell: ({ labels }) => <span class="wrap">{labels}</span>,
    sortBy: ({ labels }) => labels,
  },
  {
    id: 'value',
    title: 'Value',
    cell: ({ value }) => formatFigure(value),
    sortBy: ({ value }) => value,
    isNumber: true,
  },
  {
    id: 'help',
    title: 'What it counts',
    cell: ({ metric: { help } }) => <span class="wrap">{help}</span>,
    from: 'wide',
  },
];
