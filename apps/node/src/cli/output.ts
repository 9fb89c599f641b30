/** Where a command tells a person what it does. With `--json`, words go to stderr and stdout holds the object alone. */
export interface Output {
  /** A line that stays. */
  line(text: string): void;
  /** Where long work stands: rewritten in place on a terminal, not printed elsewhere. `undefined` clears it. */
  progress(text: string | undefined): void;
}

/** Writes for a terminal, a pipe, or beside `--json`. */
export function createOutput(json: boolean, stdout = process.stdout, stderr = process.stderr): Output {
  const stream = json ? stderr : stdout;
  let shown = false;
  const clear = () => {
    if (shown) stream.write('\r\x1b[K');
    shown = false;
  };
  return {
    line(text) {
      clear();
      stream.write(`${printable(text)}\n`);
    },
    progress(text) {
      if (!stream.isTTY) return;
      clear();
      if (text === undefined) return;
      stream.write(printable(text).slice(0, Math.max(20, (stream.columns ?? 80) - 1)));
      shown = true;
    },
  };
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
