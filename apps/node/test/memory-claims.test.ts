import type { NodeId } from '@hypermesh/core';
import { expect, it } from 'vitest';
import { inventoryMemoryClaims } from '../src/memory/claims.ts';
import { failureOf } from './support.ts';

/** Claims of which each commit ends as it is told to; what is held is counted. */
function claimsWith(
  commit: () => Promise<{ ok: true; expiresAtMs: number } | { ok: false; reason: string }>,
) {
  const held = new Set<string>();
  const claims = inventoryMemoryClaims(
    {
      async reserve() {
        held.add('one');
        return { ok: true, claim: { id: 'one', expiresAtMs: 10_000 } };
      },
      commit,
      async release(id) {
        held.delete(id);
      },
    },
    'node' as NodeId,
  );
  return { held, claim: () => claims.claim(4096, 1_000) };
}

it('memory that was reserved and may not be lent after all is free at once', async () => {
  const refused = claimsWith(async () => ({ ok: false, reason: 'outside-hours' }));
  expect(await failureOf(refused.claim)).toMatchObject({ code: 'node/refused', reason: 'outside-hours' });
  expect(refused.held.size).toBe(0);
  const broken = claimsWith(() => Promise.reject(new Error('the journal failed')));
  await expect(broken.claim()).rejects.toThrow('the journal failed');
  expect(broken.held.size).toBe(0);
  const lent = claimsWith(async () => ({ ok: true, expiresAtMs: 1_000 }));
  const { release } = await lent.claim();
  expect(lent.held.size).toBe(1);
  await release();
  expect(lent.held.size).toBe(0);
});
