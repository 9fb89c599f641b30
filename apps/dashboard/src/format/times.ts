const locale = 'en-GB';
const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
const three = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });

const steps: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** A length of time in two units at most, such as `3 h 12 min`; below a minute in three digits, such as `4.21 s`, `310 ms`. */
export function formatDuration(ms: number): string {
  if (ms < 1) return ms <= 0 ? '0 ms' : `${three.format(ms)} ms`;
  if (ms < 1_000) return `${three.format(ms)} ms`;
  if (ms < 60_000) return `${three.format(ms / 1_000)} s`;
  const at = steps.findIndex(([unit]) => ms >= unit);
  const [unit, name] = steps[at] ?? [1_000, 's'];
  const [lower, lowerName] = steps[at + 1] ?? [1_000, 's'];
  const high = Math.floor(ms / unit);
  const low = Math.floor((ms - high * unit) / lower);
  return low === 0 ? `${high} ${name}` : `${high} ${name} ${low} ${lowerName}`;
}

/** How long ago a time was, in one unit: `now`, `12 s ago`, `in 3 d`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  const far = Math.abs(ms);
  if (far < 2_000) return 'now';
  const [unit, name] = steps.find(([step]) => far >= step) ?? [1_000, 's'];
  const words = `${Math.floor(far / unit)} ${name}`;
  return ms > 0 ? `${words} ago` : `in ${words}`;
}

/** Date and time of day in this browser's zone. */
export function formatMoment(atMs: number): string {
  return exact.format(atMs);
}

/** Time of day in this browser's zone. */
export function formatClock(atMs: number): string {
  return clock.format(atMs);
}
