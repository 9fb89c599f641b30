/** The leader of a view: every validator in turn, by index. */
export function leaderOf(view: number, validators: number): number {
  return view % validators;
}

/** How many of `validators` may be faulty in any way while agreement and progress hold: the greatest f with 3f < n. */
export function faultsOf(validators: number): number {
  return Math.floor((validators - 1) / 3);
}
