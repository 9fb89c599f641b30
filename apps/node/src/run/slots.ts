/** Places for work that is under way: so many in all, and so many for each asker. */
export interface Slots {
  /** A place until it is disposed of, or undefined where none is free for `who`. */
  take(who: string): Disposable | undefined;
  /** Places that are taken. */
  readonly taken: number;
}

/** Makes slots that are all free. */
export function createSlots({ inAll, each }: { readonly inAll: number; readonly each: number }): Slots {
  const taken = new Map<string, number>();
  let sum = 0;
  return {
    get taken() {
      return sum;
    },
    take(who) {
      const before = taken.get(who) ?? 0;
      if (sum >= inAll || before >= each) return undefined;
      sum++;
      taken.set(who, before + 1);
      let isFree = false;
      return {
        [Symbol.dispose]() {
          if (isFree) return;
          isFree = true;
          sum--;
          const rest = (taken.get(who) ?? 1) - 1;
          if (rest === 0) taken.delete(who);
          else taken.set(who, rest);
        },
      };
    },
  };
}
