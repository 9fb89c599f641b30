const locale = 'en-GB';
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumSignificantDigits: 3 });
const three = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });

/** A count with its thousands parted; decimal text of any length too. */
export function formatCount(value: number | bigint | string): string {
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? whole.format(BigInt(value)) : value;
  return whole.format(value);
}

/** A large number in three digits, such as `12.3M`: fuel, iterations. */
export function formatCompact(value: number | bigint | string): string {
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? compact.format(BigInt(value)) : value;
  return compact.format(value);
}

/** A size with one decimal, in powers of 1,000 as the command line says it: `1.5 MB`. */
export function formatBytes(bytes: number | bigint | string): string {
  const size = Number(bytes);
  if (!Number.isFinite(size)) return String(bytes);
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = Math.min(units.length - 1, size < 1000 ? 0 : Math.floor(Math.log10(size) / 3));
  return power === 0 ? `${whole.format(size)} B` : `${(size / 1000 ** power).toFixed(1)} ${units[power]}`;
}

/** Bytes a second. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))}/s`;
}

/** Basis points as per cent. */
export function formatShare(basisPoints: number): string {
  return `${three.format(basisPoints / 100)} %`;
}

/** A number in three digits. */
export function formatFigure(value: number): string {
  return Math.abs(value) >= 1000 ? whole.format(value) : three.format(value);
}
