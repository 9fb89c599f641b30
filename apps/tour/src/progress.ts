/** Tells a person what happens: one line a fact, a line that rewrites itself while something lasts. */
export interface Progress {
  step(title: string): void;
  fact(text: string): void;
  live(text: string): void;
  /** Takes away what `live` shows. */
  settle(): void;
  line(text: string): void;
}

/** Writes to stdout, or to stderr beside `--json`. On a terminal, long work shows its seconds. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  let liveText: string | undefined;
  let startedMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const colour = stream.isTTY && process.env['NO_COLOR'] === undefined;
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);

  const clear = () => {
    clearInterval(timer);
    timer = undefined;
    if (liveText !== undefined) stream.write('\r\x1b[K');
    liveText = undefined;
  };
  const draw = () => {
    if (liveText === undefined) return;
    const seconds = Math.floor((performance.now() - startedMs) / 1000);
    const text = `  … ${liveText}${seconds > 0 ? ` (${seconds} s)` : ''}`;
    stream.write(`\r\x1b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);
  };
  const write = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  return {
    step: (title) => write(`\n${paint(1, title)}`),
    fact: (text) => write(`  ${text}`),
    line: write,
    settle: clear,
    live(text) {
      if (!stream.isTTY) return;
      if (liveText === undefined) startedMs = performance.now();
      liveText = text;
      draw();
      timer ??= setInterval(draw, 250).unref();
    },
  };
}
