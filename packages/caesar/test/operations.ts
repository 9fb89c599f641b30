import { createSeededRandom } from '@hypermesh/core/testing';
import type { Posted, ValueLedger } from '../src/index.ts';

/** What random operations came to: how many were done, and how many refused or repeated. */
export interface Outcome {
  done: number;
  refused: number;
  repeated: number;
}

/**
 * Drives books through `count` seeded operations of all kinds, wrong ones and repeated ones among them. A plain model
 * of balances runs beside them; it throws as soon as the books and the model differ.
 */
export function operate(
  ledger: ValueLedger,
  {
    count,
    seed,
    accounts = 24,
  }: { readonly count: number; readonly seed: string; readonly accounts?: number },
): Outcome {
  const random = createSeededRandom(seed);
  const names = Array.from({ length: accounts }, (_, at) => `account-${at}`);
  const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T;
  const amount = () => BigInt(random.below(5_000));
  const outcome: Outcome = { done: 0, refused: 0, repeated: 0 };
  const open: { id: string; from: string; to: string; remaining: bigint; expiresMs: number }[] = [];
  const model = new Map<string, bigint>(names.map((name) => [name, 0n]));
  const add = (name: string, value: bigint) => model.set(name, (model.get(name) ?? 0n) + value);
  let minted = 0n;
  let last: (() => Posted) | undefined;

  for (let turn = 0; turn < count; turn++) {
    const request = { id: `${seed}:${turn}`, atMs: turn, ref: '' };
    const [from, to] = [pick(names), pick(names)];
    const place = random.below(open.length + 1);
    const hold = open[place];
    let again: () => Posted;
    let onDone: () => void = () => undefined;
    const dice = random.below(100);
    if (dice < 3 || turn < accounts) {
      const value = amount() + 1n;
      again = () => ledger.mint({ ...request, to, amount: value });
      onDone = () => {
        add(to, value);
        minted += value;
      };
    } else if (dice < 45) {
      const value = amount();
      again = () => ledger.transfer({ ...request, from, to, amount: value });
      onDone = () => {
        add(from, -value);
        add(to, value);
      };
    } else if (dice < 65) {
      const value = amount();
      const expiresMs = turn + random.below(400);
      again = () => ledger.hold({ ...request, from, to, amount: value, expiresMs });
      onDone = () => {
        add(from, -value);
        open.push({ id: request.id, from, to, remaining: value, expiresMs });
      };
    } else if (dice < 85) {
      const id = hold?.id ?? 'nobody';
      const value = hold === undefined ? 1n : BigInt(random.below(Number(hold.remaining) + 20));
      const closes = random.below(2) === 0;
      const fee = random.below(2) === 0 ? { fee: { to: 'pool', amount: value / 7n } } : {};
      again = () => ledger.postHold({ ...request, hold: id, amount: value, closes, ...fee });
      onDone = () => {
        if (hold === undefined) throw new Error('a hold that there is not was posted');
        const taken = fee.fee?.amount ?? 0n;
        add(hold.to, value - taken);
        add('pool', taken);
        hold.remaining -= value;
        if (!closes && hold.remaining > 0n) return;
        add(hold.from, hold.remaining);
        open.splice(place, 1);
      };
    } else {
      const id = hold?.id ?? 'nobody';
      const isVoid = dice < 92;
      again = () =>
        isVoid ? ledger.voidHold({ ...request, hold: id }) : ledger.expireHold({ ...request, hold: id });
      onDone = () => {
        if (hold === undefined) throw new Error('a hold that there is not was closed');
        if (!isVoid && turn < hold.expiresMs) throw new Error('a hold expired before its time');
        add(hold.from, hold.remaining);
        open.splice(place, 1);
      };
    }
    const result = again();
    if (!result.ok) outcome.refused++;
    else {
      outcome.done++;
      onDone();
      if (result.repeated) throw new Error('a new request counts as repeated');
      last = again;
    }
    if (last !== undefined && random.below(10) === 0) {
      const repeated = last();
      if (!repeated.ok || !repeated.repeated) throw new Error(`repeating ${turn} was not recognized`);
      outcome.repeated++;
    }
  }

  let total = open.reduce((sum, { remaining }) => sum + remaining, 0n);
  for (const [name, value] of model) {
    if (ledger.balance(name).available !== value) throw new Error(`${name} differs from the model`);
    total += value;
  }
  if (total !== minted) throw new Error(`the model has ${total} of ${minted}`);
  return outcome;
}
