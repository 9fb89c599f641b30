import { formatAgo, formatMoment } from '../format/times.ts';
import { nowMs } from './clock.ts';

/** How long ago something was, with the date and time of day at hand. */
export function When({ atMs }: { readonly atMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatMoment(atMs)}>
      {formatAgo(atMs, nowMs.value)}
    </time>
  );
}
