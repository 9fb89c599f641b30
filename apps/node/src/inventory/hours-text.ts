import type { Policy } from '@hypermesh/assets';

type Hours = Policy['hours'];

const days: readonly string[] = ['su', 'mo', 'tu', 'we', 'th', 'fr', 'sa'];
const windowPattern = /^(?:([a-z]{2})(?:-([a-z]{2}))? )?(\d{2}):(\d{2})-(\d{2}):(\d{2})$/;

/**
 * Operating hours in words: `always`, or windows such as `mo-fr 18:00-08:00, sa-su 00:00-24:00`, in UTC; without days
 * every day; one that ends before it begins runs over midnight. Undefined for anything else.
 */
export function parseHours(text: string): Hours | undefined {
  if (text.trim() === 'always') return [];
  const windows = text.split(',').map((part) => parseWindow(part.trim()));
  return windows.every((window) => window !== undefined) ? windows : undefined;
}

function parseWindow(text: string): Hours[number] | undefined {
  const [matched, first = 'su', last = first, ...times] = windowPattern.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const hasDays = /^[a-z]/.test(matched);
  const from = days.indexOf(first);
  const to = hasDays ? days.indexOf(last) : 6;
  const [fromHour = 99, fromMinute = 99, toHour = 99, toMinute = 99] = times.map(Number);
  const [start, end] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  const areDays = from !== -1 && to !== -1;
  const areTimes = fromMinute < 60 && toMinute < 60 && start < 1_440 && end <= 1_440 && start !== end;
  if (!areDays || !areTimes) return undefined;
  const count = ((to - from + 7) % 7) + 1;
  return {
    days: Array.from({ length: count }, (_, ahead) => (from + ahead) % 7),
    fromMinute: start,
    toMinute: end,
  };
}

/** Operating hours in the words that `parseHours` reads. */
export function formatHours(hours: Hours): string {
  if (hours.length === 0) return 'always';
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return hours
    .flatMap((window) =>
      runsOf(window.days).map(([from, to]) => {
        const span = from === to ? days[from] : `${days[from]}-${days[to]}`;
        return `${span} ${clock(window.fromMinute)}-${clock(window.toMinute)}`;
      }),
    )
    .join(', ');
}

/** Days that follow each other as pairs of first and last. */
function runsOf(list: readonly number[]): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const day of list) {
    const last = runs.at(-1);
    if (last !== undefined && (last[1] + 1) % 7 === day) last[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}
