import { type Progress, progressLine } from './progress.ts';

/** How a line is meant, never the only sign of it; `picture` is drawn white on black whatever the terminal's own colours. */
export type Tone = 'good' | 'bad' | 'faint' | 'picture';

/** Where a command tells a person what it does. With `--json`, words go to stderr and stdout holds the object alone. */
export interface Output {
  /** A line that stays. */
  line(text: string, tone?: Tone): void;
  /** Where long work stands: rewritten in place on a terminal, not printed elsewhere. `undefined` clears it. */
  progress(event: Progress | undefined): void;
}

/** The shape of what `--json` prints; a field that changes its meaning or goes away makes it the next number. */
export const jsonVersion = 1;

/** White and black of a picture are those of the 256 colours that no theme changes. */
const colours = { good: '32', bad: '31', faint: '2', picture: '38;5;231;48;5;16' } as const;
/** A terminal is rewritten at most so often. */
const leastBetweenMs = 80;

/** Writes for a terminal, a pipe, or beside `--json`; `isQuiet` leaves all words out. */
export function createOutput(
  options: { readonly json: boolean; readonly isQuiet?: boolean },
  stdout = process.stdout,
  stderr = process.stderr,
): Output {
  if (options.isQuiet === true) return { line() {}, progress() {} };
  const stream = options.json ? stderr : stdout;
  let shown = false;
  let last = { text: '', atMs: 0 };
  const clear = () => {
    if (shown) stream.write('\r\x1b[K');
    shown = false;
  };
  return {
    line(text, tone) {
      clear();
      stream.write(`${painted(printable(text), tone, stream)}\n`);
    },
    progress(event) {
      if (!stream.isTTY) return;
      if (event === undefined) return clear();
      const nowMs = performance.now();
      if (shown && last.text === event.text && nowMs - last.atMs < leastBetweenMs) return;
      last = { text: event.text, atMs: nowMs };
      clear();
      stream.write(printable(progressLine(event, Math.max(20, (stream.columns ?? 80) - 1))));
      shown = true;
    },
  };
}

/** Colours a text where the stream is a terminal that wants colours: see no-color.org. */
export function painted(text: string, tone: Tone | undefined, stream: { readonly isTTY?: boolean }): string {
  const { NO_COLOR: refused = '', TERM: terminal } = process.env;
  if (tone === undefined || stream.isTTY !== true || refused !== '' || terminal === 'dumb') return text;
  return `\x1b[${colours[tone]}m${text}\x1b[0m`;
}

/** Text that leaves a terminal as it is: what programs and peers say must not steer it. Lines and tabs stay. */
export function printable(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, '\ufffd');
}

/** `JSON.stringify` with bigint as decimal strings and bytes as hex. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (typeof part === 'bigint') return part.toString();
    if (part instanceof Uint8Array) return Buffer.from(part).toString('hex');
    return part;
  });
}
