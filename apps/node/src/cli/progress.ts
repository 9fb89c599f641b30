import { formatBytes } from './bytes.ts';

/** Where long work stands: words, and where bytes move how many of how many, at which rate. */
export interface Progress {
  readonly text: string;
  readonly done?: number;
  readonly total?: number;
  readonly unit?: string;
  /** Bytes a second. */
  readonly rateBps?: number;
}

/** What the node told, made one again: a newer node may tell more, an odd one anything. */
export function progressOf(event: Readonly<Record<string, unknown>>): Progress {
  const count = (name: string) => {
    const value = event[name];
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? { [name]: value } : {};
  };
  const { text, unit } = event;
  return {
    text: typeof text === 'string' ? text : '',
    ...(unit === 'bytes' ? { unit } : {}),
    ...count('done'),
    ...count('total'),
    ...count('rateBps'),
  };
}

const barWidth = 20;
/** Columns below which a bar leaves no room for words. */
const leastForBar = 60;

/** One line of at most `columns` characters: words, and for bytes a bar, done of total, the rate and the time left. */
export function progressLine(event: Progress, columns: number): string {
  const { text, done, total, unit, rateBps } = event;
  if (done === undefined || unit !== 'bytes') return text.slice(0, columns);
  const share = total === undefined || total <= 0 ? undefined : Math.min(1, done / total);
  const bar = share === undefined || columns < leastForBar ? '' : barOf(share);
  const amounts = total === undefined ? formatBytes(done) : `${formatBytes(done)} of ${formatBytes(total)}`;
  const rate = rateBps === undefined || rateBps <= 0 ? '' : `  ${formatBytes(rateBps)}/s`;
  const left =
    total === undefined || rateBps === undefined || rateBps <= 0 || done >= total
      ? ''
      : `  ${formatSeconds((total - done) / rateBps)} left`;
  const numbers = `${bar}${amounts}${rate}${left}`;
  const room = columns - numbers.length - 2;
  return (room < 8 ? numbers : `${text.slice(0, room)}  ${numbers}`).slice(0, columns);
}

function barOf(share: number): string {
  const full = Math.floor(share * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${String(Math.floor(share * 100)).padStart(3)} %  `;
}

/** A time that is left, as people say it. */
function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
