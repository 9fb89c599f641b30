import { expect, test } from 'vitest';
import { checkLinearizable, type Operation } from '../src/testing/index.ts';
import { bugs, register, runHistory } from './history.ts';

test('forty seeded histories of faults, attaches again and revocations are linearizable, and each seed repeats itself [proxy-02]', async () => {
  let revoked = 0;
  let unknown = 0;
  for (let seed = 1; seed <= 40; seed += 1) {
    const outcome = await runHistory(seed);
    expect(outcome.verdict, `seed ${seed}`).toMatchObject({ ok: true });
    expect(outcome.operations).toBeGreaterThan(0);
    revoked += outcome.revoked;
    unknown += outcome.unknown;
    if (seed % 10 === 0) expect((await runHistory(seed)).digest, `seed ${seed}`).toBe(outcome.digest);
  }
  expect(revoked).toBeGreaterThan(20);
  expect(unknown).toBeGreaterThan(0);
}, 120_000);

test.each(Object.keys(bugs) as (keyof typeof bugs)[])(
  'a home with the planted bug %s is caught by the same histories [proxy-02]',
  async (bug) => {
    for (let seed = 1; seed <= 200; seed += 1) {
      const { verdict } = await runHistory(seed, bug);
      if (verdict.ok) continue;
      expect(verdict.reason).toBe('not-linearizable');
      return;
    }
    expect.fail(`no history of 200 showed ${bug}`);
  },
  120_000,
);

type Entry = Operation<Parameters<typeof register.step>[1], string>;
const read = (output: string, called: number, returned: number): Entry => ({
  input: { kind: 'read', client: 0 },
  output,
  called,
  returned,
});
const write = (value: string, called: number, returned: number): Entry => ({
  input: { kind: 'write', client: 1, value },
  output: returned === Number.POSITIVE_INFINITY ? undefined : 'done',
  called,
  returned,
});

test.each<[string, Entry[], boolean]>([
  ['an empty history', [], true],
  ['a read that overlaps a write and sees the old value', [write('5', 1, 4), read('0', 2, 3)], true],
  ['a read that overlaps a write and sees the new value', [write('5', 1, 4), read('5', 2, 3)], true],
  ['a read after a write that sees the old value', [write('5', 1, 2), read('0', 3, 4)], false],
  ['new then old within one write', [write('5', 1, 8), read('5', 2, 3), read('0', 4, 5)], false],
  ['a value that nobody wrote', [read('7', 1, 2)], false],
  [
    'an unanswered write that took effect late',
    [write('5', 1, Number.POSITIVE_INFINITY), read('0', 2, 3), read('5', 4, 5)],
    true,
  ],
  [
    'an unanswered write that took effect and went away',
    [write('5', 1, Number.POSITIVE_INFINITY), read('5', 2, 3), read('0', 4, 5)],
    false,
  ],
  [
    'an access that succeeds after its revocation',
    [{ input: { kind: 'revoke', client: 0 }, output: 'done', called: 1, returned: 2 }, read('0', 3, 4)],
    false,
  ],
])('the checker judges %s rightly', (_, history, isFine) => {
  expect(checkLinearizable(register, history).ok).toBe(isFine);
});

test('a search beyond its budget says so', () => {
  const history = Array.from({ length: 12 }, (_, index) => write(String(index), 1, 100));
  expect(checkLinearizable(register, [...history, read('nobody', 2, 99)], 1_000)).toMatchObject({
    ok: false,
    reason: 'budget',
  });
});
