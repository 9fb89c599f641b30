import { useEffect, useId, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { paint } from '../app/theme.ts';
import { formatMoment } from '../format/times.ts';
import { beginOf, eachOnce, rangeOf, type Series, spread, wordsOf } from './plot-words.ts';

export type { Series } from './plot-words.ts';

const mostTableRows = 60;

/** Seconds between the marks of the time axis. */
const timeSteps = [
  1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** What a plot draws. */
export interface PlotProps {
  readonly title: string;
  /** Unix milliseconds, rising, one for each value of each series. */
  readonly timesMs: readonly number[];
  readonly series: readonly Series[];
  /** A value with its unit. */
  readonly format: (value: number) => string;
  readonly heightPx?: number;
  /** The panel around it has the same title already. */
  readonly isTitled?: boolean;
  /** Points without a line between them, for values that stand alone. */
  readonly isPoints?: boolean;
}

/** A plot over time. Those who do not see it hear its figures in a sentence, and everybody can open them as a table. */
export function Plot(props: PlotProps) {
  const { title, timesMs, series, format, heightPx = 168, isTitled = false } = props;
  const room = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot>(undefined);
  const id = useId();
  const shape = series.map(({ label }) => label).join('\n');
  const painted = paint.value;
  const begin = beginOf(series);
  const data = [
    timesMs.slice(begin).map((ms) => ms / 1000),
    ...series.map(({ values }) => values.slice(begin)),
  ] as uPlot.AlignedData;
  const latest = useRef({ props, data });
  latest.current = { props, data };

  useEffect(() => {
    const box = room.current;
    if (box === null) return;
    let isGone = false;
    const resized = new ResizeObserver(() => {
      drawn.current?.setSize({ width: box.clientWidth, height: heightPx });
    });
    void import('uplot').then(({ default: UPlot }) => {
      if (isGone) return;
      drawn.current = new UPlot(optionsOf(latest.current.props, box, heightPx), latest.current.data, box);
      resized.observe(box);
    });
    return () => {
      isGone = true;
      resized.disconnect();
      drawn.current?.destroy();
      drawn.current = undefined;
    };
  }, [shape, painted, heightPx]);

  useEffect(() => {
    drawn.current?.setData(data);
  });

  return (
    <figure class="plot" aria-labelledby={id}>
      <figcaption id={id} class="plot-caption">
        <span class={isTitled ? 'visually-hidden' : 'plot-title'}>{title}</span>
        <span class="visually-hidden">{wordsOf(series, format)}</span>
        {series.length < 2 ? null : (
          <span class="plot-legend">
            {series.map(({ label }, at) => (
              <span key={label} class={`plot-key plot-key-${(at % 4) + 1}`}>
                {label}
              </span>
            ))}
          </span>
        )}
      </figcaption>
      <div ref={room} class="plot-room" aria-hidden="true" style={{ height: `${heightPx}px` }} />
      <details class="plot-figures">
        <summary>Figures as a table</summary>
        <FiguresTable {...props} />
      </details>
    </figure>
  );
}

function FiguresTable({ title, timesMs, series, format }: PlotProps) {
  const begin = beginOf(series);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="table-scroll plot-table" tabIndex={0} aria-label={`Figures: ${title}`}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ label }) => (
              <th key={label} scope="col" class="is-number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {spread(timesMs.length - begin, mostTableRows)
            .map((place) => place + begin)
            .map((at) => (
              <tr key={timesMs[at]}>
                <th scope="row">{formatMoment(timesMs[at] ?? 0)}</th>
                {series.map(({ label, values }) => {
                  const value = values[at];
                  return (
                    <td key={label} class="is-number">
                      {value === null || value === undefined ? 'none' : format(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}

function optionsOf(
  { series, format, isPoints = false }: PlotProps,
  box: HTMLElement,
  height: number,
): uPlot.Options {
  const colour = (name: string) => colourOf(box, name);
  const font = `11px ${getComputedStyle(box).fontFamily}`;
  const axis = {
    stroke: colour('--text-muted'),
    font,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  } as const;
  return {
    width: box.clientWidth,
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    padding: [8, 26, 0, 0],
    scales: {
      x: { range: (_, from, to) => rangeOf(from, to) },
      y: { range: (_, least, most) => [Math.min(0, least), most <= 0 ? 1 : most * 1.1] },
    },
    axes: [
      { ...axis, space: 70, size: 26, incrs: timeSteps, values: '{HH}:{mm}:{ss}' },
      { ...axis, size: 62, space: 30, values: (_, splits) => eachOnce(splits.map((value) => format(value))) },
    ],
    series: [
      {},
      ...series.map(({ label }, at) => {
        const stroke = colour(`--series-${(at % 4) + 1}`);
        return {
          label,
          stroke,
          width: isPoints ? 0 : 1.5,
          points: isPoints ? { show: true, size: 4, fill: stroke, width: 0 } : { show: false },
          ...(series.length === 1 && !isPoints ? { fill: colour('--series-fill') } : {}),
          ...(isPoints ? { paths: () => null } : {}),
        };
      }),
    ],
  };
}

/** A token as a canvas takes it: a token is mere text until a property has it, so the element lends its own for a moment. */
function colourOf(box: HTMLElement, token: string): string {
  box.style.color = `var(${token})`;
  const { color } = getComputedStyle(box);
  box.style.removeProperty('color');
  return color;
}
