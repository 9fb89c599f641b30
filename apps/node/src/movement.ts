/** Bytes that long work has moved so far; `rateBps` is bytes a second over the last seconds. */
export interface Moved {
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes';
  readonly rateBps: number;
}

/** Called with a line for people while something lasts, and with the bytes where bytes move. */
export type Tell = (text: string, moved?: Moved) => void;

/** Two words of one work come at least so far apart. */
const leastBetweenMs = 100;
/** A rate is taken over so long. */
const windowMs = 3_000;

/**
 * Adds up parts of one work that move at the same time, such as the packages of one installation. `here` are bytes of
 * `done` that did not have to move: they count as done and not towards the rate. Answers `undefined` where the last answer
 * is so fresh that nobody needs another one; what ends a part is always answered.
 */
export function createMovement(
  nowMs: () => number = () => performance.now(),
): (part: string, done: number, total: number, here?: number) => Moved | undefined {
  const parts = new Map<string, { readonly done: number; readonly total: number; readonly here: number }>();
  const samples: { readonly atMs: number; readonly moved: number }[] = [];
  let lastMs = Number.NEGATIVE_INFINITY;
  return (part, done, total, here = 0) => {
    const before = parts.get(part);
    parts.set(part, { done: Math.max(done, before?.done ?? 0), total, here });
    const atMs = nowMs();
    const isEnd = done >= total;
    if (atMs - lastMs < leastBetweenMs && !isEnd) return undefined;
    lastMs = atMs;
    const sum = (of: (each: { done: number; total: number; here: number }) => number) =>
      [...parts.values()].reduce((all, each) => all + of(each), 0);
    const moved = sum((each) => Math.max(0, each.done - each.here));
    samples.push({ atMs, moved });
    while (samples.length > 2 && atMs - (samples[0]?.atMs ?? atMs) > windowMs) samples.shift();
    const first = samples[0] ?? { atMs, moved };
    const seconds = (atMs - first.atMs) / 1000;
    const rateBps = seconds <= 0 ? 0 : Math.max(0, Math.round((moved - first.moved) / seconds));
    return { done: sum((each) => each.done), total: sum((each) => each.total), unit: 'bytes', rateBps };
  };
}
