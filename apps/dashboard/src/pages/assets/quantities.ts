import { formatBytes, formatCount, formatFigure, formatRate } from '../../format/numbers.ts';

/** Capacity of one core, microseconds of processor time a second. */
const coreMicros = 1_000_000;

/** A quantity of an asset in the unit that people know it by: cores, bytes, or a plain count. */
export function formatQuantity(kind: string, quantity: number): string {
  if (kind === 'cpu') {
    const cores = quantity / coreMicros;
    return `${formatFigure(cores)} ${cores === 1 ? 'core' : 'cores'}`;
  }
  return kind === 'memory' || kind === 'storage' || kind === 'gpu'
    ? formatBytes(quantity)
    : formatCount(quantity);
}

/** Base units of what a person counts in, with its name: what a price is for. */
export function unitOf(kind: string): { readonly units: number; readonly name: string } {
  if (kind === 'cpu') return { units: coreMicros, name: 'core' };
  if (kind === 'memory' || kind === 'storage' || kind === 'gpu') return { units: 1e9, name: 'GB' };
  return { units: 1, name: 'unit' };
}

/** What an asset is, in the few words by which it is told from others of its kind. */
export function describeAsset(kind: string, attributes: Readonly<Record<string, unknown>>): string {
  const { model, name, version, note, cores, bytes, filesystem } = attributes;
  const words = [
    ...[model, name, note].filter((value) => typeof value === 'string' && value !== ''),
    ...(typeof version === 'string' ? [version] : []),
    ...(typeof cores === 'number' ? [`${cores} ${cores === 1 ? 'core' : 'cores'}`] : []),
    ...(typeof bytes === 'number' ? [formatBytes(bytes)] : []),
    ...(typeof filesystem === 'string' ? [filesystem] : []),
  ];
  return words.length === 0 ? kind : words.join(', ');
}

const known: Readonly<Record<string, readonly [label: string, format: (value: number) => string]>> = {
  bytes: ['Size', formatBytes],
  totalBytes: ['Size of the whole device', formatBytes],
  pageBytes: ['Page', formatBytes],
  microsPerSecond: ['Processor time', (value) => `${formatCount(value)} µs a second`],
  mhz: ['Clock', (value) => `${formatCount(value)} MHz`],
  sha256KiBps: ['SHA-256 on one core', (value) => formatRate(value * 1024)],
  copyKiBps: ['Copying', (value) => formatRate(value * 1024)],
  writeKiBps: ['Durable writing', (value) => formatRate(value * 1024)],
  syncMicros: ['One small durable write', (value) => `${formatCount(value)} µs`],
  spreadBp: ['Spread of what was measured', (value) => `${formatFigure(value / 100)} %`],
};

/** Attributes as names and values to read. Those with names of our own come with their units, all others as they are. */
export function readAttributes(
  attributes: Readonly<Record<string, unknown>>,
): readonly (readonly [name: string, value: string])[] {
  return Object.entries(attributes).map(([name, value]) => {
    const [label, format] = known[name] ?? [];
    if (label !== undefined && format !== undefined && typeof value === 'number')
      return [label, format(value)];
    const words = name
      .replace(/^is(?=[A-Z])/, '')
      .replace(/([A-Z])/g, ' $1')
      .toLowerCase()
      .trim();
    return [words.charAt(0).toUpperCase() + words.slice(1), textOf(value)];
  });
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(textOf).join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
