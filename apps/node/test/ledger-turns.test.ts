import { encodeTransaction } from '@hypermesh/consensus';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemRandom } from '@hypermesh/core/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ProvenOperation } from '../src/ledger/operations.ts';
import type { LedgerService } from '../src/ledger/service.ts';
import type { Phase2 } from '../src/phases.ts';
import { openLoneLedger } from './lone-ledger.ts';
import { temporaryDirectory } from './support.ts';

// Proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const key = generateKey();
const keys = { ed25519: key, vrfSeed: systemRandom.bytes(32) } as Phase2['keys'];

describe('operations of one node', () => {
  const directory = temporaryDirectory();
  let ledger: LedgerService;
  let made = 0;
  const act = () => ledger.act('package.publish', { key: `act${made++}@1.0.0`, value: null });
  const actBy = <T>(use: (made: ProvenOperation) => Promise<T>): Promise<T> =>
    ledger.actBy('package.publish', { key: `use${made++}@1.0.0`, value: null }, use);
  const submit = ({ operation, proof }: ProvenOperation) =>
    ledger.submit(encodeTransaction({ operation, proof }));

  beforeAll(async () => {
    ledger = await openLoneLedger(directory, keys);
  });
  afterAll(async () => {
    await ledger[Symbol.asyncDispose]();
    directory[Symbol.dispose]();
  });

  it('take one number after the other, whether they are submitted here or by who had them proven', async () => {
    const numbers: number[] = [];
    const byOther = () =>
      actBy(async (proven) => {
        numbers.push(proven.operation.sequence);
        // As long as another one of this node would take to be made, if it could be.
        await ledger.prepare('package.publish', { key: 'other@1.0.0', value: null });
        return await submit(proven);
      });
    const before = ledger.ledger.sequenceOf(key.publicKey);
    await Promise.all([act(), byOther(), act(), byOther(), byOther(), act()]);
    expect(numbers).toEqual([before + 2, before + 4, before + 5]);
    expect(ledger.ledger.sequenceOf(key.publicKey)).toBe(before + 6);
  });

  it('go on as soon as the number of one is taken, also while its user does more', async () => {
    const { height } = await actBy(async (proven) => {
      await submit(proven);
      return await act();
    });
    expect(ledger.ledger.appliedHeight()).toBeGreaterThanOrEqual(height);
  });

  it('are not held up by one that is proven and never submitted', async () => {
    const refused = actBy(() => Promise.reject(new Error('it changed its mind')));
    const next = act();
    await expect(refused).rejects.toThrow('it changed its mind');
    await expect(next).resolves.toMatchObject({ height: expect.any(Number) });
  });
});
