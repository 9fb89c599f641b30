import type { Rejection } from './claim.ts';

/** What an attempt for one who waits gave: done, or still nothing, or a refusal that waiting does not help. */
export type Attempt = 'done' | 'wait';

interface Waiter {
  readonly kinds: readonly string[];
  /** Tries once; settles its promise itself unless it has to go on waiting. */
  readonly attempt: () => Attempt;
  readonly moved: (position: number) => void;
}

/** Those who wait for assets of the same kinds, first come first served. */
export interface ClaimQueue {
  /** How many wait for any of these kinds. */
  ahead(kinds: readonly string[]): number;
  /** Joins at the end; the answer leaves. */
  join(waiter: Waiter): () => void;
  /** Lets all try that nobody stands before. */
  advance(): void;
}

/** An empty queue. */
export function createClaimQueue(): ClaimQueue {
  const waiters: Waiter[] = [];
  let isAdvancing = false;
  let isAgain = false;
  const share = (a: readonly string[], b: Iterable<string>) => {
    const others = new Set(b);
    return a.some((kind) => others.has(kind));
  };
  const positions = () => {
    for (const [at, waiter] of waiters.entries()) {
      const before = waiters.slice(0, at).filter(({ kinds }) => share(waiter.kinds, kinds));
      waiter.moved(before.length + 1);
    }
  };
  const pass = () => {
    const held = new Set<string>();
    for (const waiter of [...waiters]) {
      if (share(waiter.kinds, held) || waiter.attempt() === 'wait') {
        for (const kind of waiter.kinds) held.add(kind);
      } else {
        waiters.splice(waiters.indexOf(waiter), 1);
        positions();
      }
    }
  };
  return {
    ahead: (kinds) => waiters.filter((waiter) => share(waiter.kinds, kinds)).length,
    join(waiter) {
      waiters.push(waiter);
      positions();
      return () => {
        const at = waiters.indexOf(waiter);
        if (at === -1) return;
        waiters.splice(at, 1);
        positions();
      };
    },
    advance() {
      // An attempt may free something itself, by finding a claim that ran out: then once more, never within.
      isAgain = true;
      if (isAdvancing) return;
      isAdvancing = true;
      while (isAgain) {
        isAgain = false;
        pass();
      }
      isAdvancing = false;
    },
  };
}

/** A refusal with the place in the queue that waiting would give. */
export function withPosition(rejections: readonly Rejection[], position: number): readonly Rejection[] {
  return rejections.map((rejection) => (rejection.canWait ? { ...rejection, position } : rejection));
}
