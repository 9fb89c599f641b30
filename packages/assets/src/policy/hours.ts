import type { Policy } from './policy.ts';

const minuteMs = 60_000;
const dayMinutes = 1_440;

/** Whether a time lies in one of the windows; without windows always. Unix milliseconds, UTC. */
export function isOpen(hours: Policy['hours'], nowMs: number): boolean {
  if (hours.length === 0) return true;
  const now = new Date(nowMs);
  const day = now.getUTCDay();
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  return hours.some(({ days, fromMinute, toMinute }) => {
    if (fromMinute < toMinute) return days.includes(day) && minute >= fromMinute && minute < toMinute;
    const dayBefore = (day + 6) % 7;
    return (days.includes(day) && minute >= fromMinute) || (days.includes(dayBefore) && minute < toMinute);
  });
}

/** When the next window opens after a closed time, Unix milliseconds; undefined where none does within a week. */
export function nextOpening(hours: Policy['hours'], nowMs: number): number | undefined {
  const midnight = nowMs - (nowMs % (dayMinutes * minuteMs));
  const openings = hours.flatMap(({ days, fromMinute }) =>
    Array.from({ length: 8 }, (_, ahead) => midnight + (ahead * dayMinutes + fromMinute) * minuteMs).filter(
      (atMs) => atMs > nowMs && days.includes(new Date(atMs).getUTCDay()),
    ),
  );
  return openings.length === 0 ? undefined : Math.min(...openings);
}
