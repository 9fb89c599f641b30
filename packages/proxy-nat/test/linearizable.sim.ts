import { expect, test } from 'vitest';
import { runHistory } from './history.ts';

test('a thousand seeded histories of faults and revocations are linearizable, each run twice with the same end [proxy-02]', async () => {
  let operations = 0;
  for (let seed = 1_001; seed <= 2_000; seed += 1) {
    const outcome = await runHistory(seed);
    expect(outcome.verdict, `seed ${seed}`).toMatchObject({ ok: true });
    expect((await runHistory(seed)).digest, `seed ${seed}`).toBe(outcome.digest);
    operations += outcome.operations;
  }
  expect(operations).toBeGreaterThan(20_000);
});
