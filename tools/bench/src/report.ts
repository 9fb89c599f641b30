import { cpus, loadavg } from 'node:os';
import type { Sampled } from './interleave.ts';

/** What a bench says about one measurement. */
export interface Measurement {
  /** `package/operation key=value` */
  name: string;
  value: number | Sampled;
  unit: string;
  /** The same work by the other way, measured in the same run, in the same unit. */
  baseline?: number | Sampled;
  /** What the baseline is, in a few words. */
  baselineName?: string;
  /** value ÷ baseline unless told otherwise. */
  ratio?: number;
  /** `>= 2` is judged against the ratio where there is one; `<= 7 ms`, with the unit of the line, against the value. */
  aim?: string;
}

/** One JSON line: the measurement, flat, with what it was measured on. */
export interface Line {
  name: string;
  value: number;
  unit: string;
  baseline?: number;
  baselineName?: string;
  ratio?: number;
  aim?: string;
  runs: number;
  spread: number;
  node: string;
  cpu: string;
  load: number;
}

/** Prints one JSON line to stdout, where `bench` reads it. Throws on an aim that nothing can be judged against. */
export function report(measurement: Measurement): void {
  const line = toLine(measurement);
  if (line.aim !== undefined) isMet(line);
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The line that `report` prints. */
export function toLine({ name, unit, baselineName, aim, ...rest }: Measurement): Line {
  const value = middle(rest.value);
  const baseline = rest.baseline === undefined ? undefined : middle(rest.baseline);
  const ratio = rest.ratio ?? (baseline === undefined ? undefined : value / baseline);
  const sampled = typeof rest.value === 'number' ? { runs: 1, spread: 0 } : rest.value;
  const processors = cpus();
  return {
    name,
    value: rounded(value),
    unit,
    ...(baseline === undefined ? {} : { baseline: rounded(baseline) }),
    ...(baselineName === undefined ? {} : { baselineName }),
    ...(ratio === undefined ? {} : { ratio: rounded(ratio) }),
    ...(aim === undefined ? {} : { aim }),
    runs: sampled.runs,
    spread: rounded(sampled.spread),
    node: process.versions.node,
    cpu: `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown'}`,
    load: rounded(loadavg()[0] ?? 0),
  };
}

const AIM = /^(>=|<=|>|<) (\d+(?:\.\d+)?)(?: (.+))?$/;

/** Whether the line meets its own aim; undefined where it has none. */
export function isMet(line: Line): boolean | undefined {
  if (line.aim === undefined) return undefined;
  const [, sign, bound, unit] = AIM.exec(line.aim) ?? [];
  if (sign === undefined || (unit !== undefined && unit !== line.unit)) {
    throw new RangeError(`${line.name}: the aim "${line.aim}" is neither ">= 2" nor ">= 2 ${line.unit}"`);
  }
  const actual = unit === undefined ? (line.ratio ?? line.value) : line.value;
  if (sign.startsWith('>')) return sign === '>=' ? actual >= Number(bound) : actual > Number(bound);
  return sign === '<=' ? actual <= Number(bound) : actual < Number(bound);
}

function middle(value: number | Sampled): number {
  return typeof value === 'number' ? value : value.median;
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
