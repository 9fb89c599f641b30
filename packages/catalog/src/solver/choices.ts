/**
 * A set of choices of one package: bit 0 says "not there at all", bit i + 1 the i-th published version in ascending
 * order. Every operation takes sets of one package, so of equal length. A set is never changed once it is shared.
 */
export type Choices = Uint32Array;

/** No choice, of a package with `versions` published versions. */
export function noChoice(versions: number): Choices {
  return new Uint32Array((versions >>> 5) + 1);
}

/** Every choice: each version, and absence. */
export function everyChoice(versions: number): Choices {
  const set = noChoice(versions).fill(0xffffffff);
  const rest = (versions + 1) & 31;
  if (rest !== 0) set[set.length - 1] = 2 ** rest - 1;
  return set;
}

/** Puts one choice into a set that its maker still owns. */
export function addChoice(set: Choices, bit: number): void {
  set[bit >>> 5] = (set[bit >>> 5] as number) | (1 << (bit & 31));
}

/** Takes one choice out of a set that its maker still owns. */
export function dropChoice(set: Choices, bit: number): void {
  set[bit >>> 5] = (set[bit >>> 5] as number) & ~(1 << (bit & 31));
}

/** Whether the set holds the choice. */
export function hasChoice(set: Choices, bit: number): boolean {
  return (((set[bit >>> 5] as number) >>> (bit & 31)) & 1) === 1;
}

/** What is in both. */
export function both(a: Choices, b: Choices): Choices {
  return a.map((word, index) => word & (b[index] as number));
}

/** What is in either. */
export function either(a: Choices, b: Choices): Choices {
  return a.map((word, index) => word | (b[index] as number));
}

/** What is in `a` alone. */
export function without(a: Choices, b: Choices): Choices {
  return a.map((word, index) => word & ~(b[index] as number));
}

/** Whether every choice of `a` is in `b`. */
export function isWithin(a: Choices, b: Choices): boolean {
  for (let index = 0; index < a.length; index += 1) {
    if (((a[index] as number) & ~(b[index] as number)) !== 0) return false;
  }
  return true;
}

/** Whether no choice is in both. */
export function isApart(a: Choices, b: Choices): boolean {
  for (let index = 0; index < a.length; index += 1) {
    if (((a[index] as number) & (b[index] as number)) !== 0) return false;
  }
  return true;
}

/** Whether there is no choice at all. */
export function isNone(set: Choices): boolean {
  return set.every((word) => word === 0);
}

/** The highest choice of a set, which is the newest version; 0 when only absence is left, -1 when nothing is. */
export function highestChoice(set: Choices): number {
  for (let index = set.length - 1; index >= 0; index -= 1) {
    const word = set[index] as number;
    if (word !== 0) return index * 32 + 31 - Math.clz32(word);
  }
  return -1;
}
