/** The whole in basis points. */
export const WHOLE_BP = 10_000n;

/** Sums by name. */
export function sumBy<Item>(
  items: readonly Item[],
  name: (item: Item) => string,
  value: (item: Item) => bigint,
): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const item of items) sums.set(name(item), (sums.get(name(item)) ?? 0n) + value(item));
  return sums;
}

/**
 * Herfindahl-Hirschman index: the sum of squared shares, in basis points rounded down. 10,000: one has all; 10,000 / n:
 * n have equal parts. 0 where there is nothing to share.
 */
export function concentrationBp(parts: Iterable<bigint>): number {
  let total = 0n;
  let squares = 0n;
  for (const part of parts) {
    total += part;
    squares += part * part;
  }
  return total === 0n ? 0 : Number((squares * WHOLE_BP) / (total * total));
}

/**
 * How evenly `count` kinds are used: (1 - H) / (1 - 1 / count) for the index H of their parts, in basis points rounded
 * down. 0: one kind, or none; 10,000: all alike.
 */
export function diversityBp(parts: readonly bigint[]): number {
  const used = parts.filter((part) => part > 0n);
  const count = BigInt(used.length);
  if (count < 2n) return 0;
  const total = used.reduce((sum, part) => sum + part, 0n);
  const squares = used.reduce((sum, part) => sum + part * part, 0n);
  return Number(((total * total - squares) * count * WHOLE_BP) / (total * total * (count - 1n)));
}

/** The smallest value that at least `shareBp` of the values do not exceed (nearest rank); 0 of none. */
export function quantile(sorted: readonly number[], shareBp: number): number {
  if (sorted.length === 0) return 0;
  const rank = Math.ceil((sorted.length * shareBp) / 10_000);
  return sorted[Math.max(rank, 1) - 1] as number;
}
