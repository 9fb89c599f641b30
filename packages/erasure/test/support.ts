import { createSeededRandom } from '@hypermesh/core/testing';

/** `count` shards of `length` bytes from a seed. */
export function shardsOf(count: number, length: number, seed: number | string = 1): Uint8Array[] {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => Uint8Array.from({ length }, () => random.below(256)));
}

/** All ways to choose `count` of `from` indexes. */
export function* choices(from: number, count: number, first = 0): Generator<number[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let index = first; index <= from - count; index++)
    for (const rest of choices(from, count - 1, index + 1)) yield [index, ...rest];
}
