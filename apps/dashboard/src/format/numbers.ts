const locale = 'en-GB';
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });

/** A count with its thousands parted; decimal text of any length too. */
export function formatCount(value: number | bigint | string): string {
  if (typeof value === 'string') return /^-?\d+$/.test(value) ? whole.format(BigInt(value)) : value;
  return whole.format(value);
}

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;
const steps: readonly (readonly [bigint, string])[] = [
  [10n ** 18n, 'E'],
  [10n ** 15n, 'P'],
  [10n ** 12n, 'T'],
  [10n ** 9n, 'G'],
];

/** An amount of base units where there is little room: below a milliard whole, above in four digits, cut and never rounded up: `1.000 P`, `999.9 T`. */
export function formatAmountShort(value: string): string {
  if (!/^-?\d+$/.test(value)) return value;
  const amount = BigInt(value);
  const size = amount < 0n ? -amount : amount;
  const [unit, name] = steps.find(([each]) => size >= each) ?? [];
  if (unit === undefined) return whole.format(amount);
  const high = (size / unit).toString();
  const low = (((size % unit) * 1000n) / unit).toString().padStart(3, '0');
  const parts = `${high}.${low}`.slice(0, Math.max(5, high.length)).replace(/\.$/, '');
  return `${amount < 0n ? '-' : ''}${parts} ${name}`;
}

/** A count with its word: `1 region`, `2 regions`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** A large number in three digits with the prefixes of SI, such as `12.3 M`, `10 G`: fuel, iterations. */
export function formatCompact(value: number | bigint | string): string {
  const number = Number(value);
  if (!Number.isFinite(number)) return String(value);
  let scaled = number;
  let power = 0;
  // As it will be written: 999,999 is 1 M, not 1,000 k.
  while (Math.abs(Number(scaled.toPrecision(3))) >= 1000 && power < prefixes.length - 1) {
    scaled /= 1000;
    power += 1;
  }
  return power === 0 ? three.format(scaled) : `${three.format(scaled)} ${prefixes[power]}`;
}

/** A size with one decimal, in powers of 1,000 as the command line says it: `1.5 MB`. */
export function formatBytes(bytes: number | bigint | string): string {
  const size = Number(bytes);
  if (!Number.isFinite(size)) return String(bytes);
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  if (size < 1000) return `${whole.format(size)} B`;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(size) / 3));
  // 999,999 bytes are 1.0 MB, not 1000.0 kB.
  const next =
    Number((size / 1000 ** power).toFixed(1)) >= 1000 && power < units.length - 1 ? power + 1 : power;
  return `${(size / 1000 ** next).toFixed(1)} ${units[next]}`;
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
