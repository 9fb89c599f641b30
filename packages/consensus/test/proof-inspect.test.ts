import { createManualClock } from '@hypermesh/core/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeProof, inspectProof, verifyOperation } from '../src/index.ts';
import { createProofFixture, type ProofFixture } from '../src/testing/index.ts';

let fixture: ProofFixture;
const clock = createManualClock();

beforeAll(async () => {
  fixture = await createProofFixture({ seed: 'inspect' });
});

async function inspect(proof: unknown, change: object = {}) {
  const found = await inspectProof(fixture.operation, proof, { ...fixture.context, ...change }, clock);
  if (!found.ok) throw new Error(found.reason);
  return found.inspection;
}

describe('a proof taken apart', () => {
  it('tells of each leg what it shows in numbers', async () => {
    const { profile } = fixture.context;
    const found = await inspect(encodeProof(fixture.proof));
    expect(found.binding).toEqual({ ok: true });
    expect([found.space.ok, found.stake.ok, found.work.ok, found.time.ok]).toEqual([true, true, true, true]);
    expect(found.space.answers.length).toBeGreaterThanOrEqual(profile.minimumAnswers);
    for (const { plotId, k, quality } of found.space.answers)
      expect([plotId.length, k, quality.length]).toEqual([32, 18, 32]);
    expect(found.space.committedBytes).toBeGreaterThanOrEqual(profile.minimumSpaceBytes);
    expect(found.stake.bond?.power).toBe(1_000_000n);
    expect(found.stake.output?.length).toBe(64);
    expect(found.work.zeros).toBeGreaterThanOrEqual(found.work.difficulty);
    expect(found.time.iterations).toBe(profile.iterations);
    expect(found.header?.height).toBe(found.time.anchor.height);
    expect(found.header?.stateHeight).toBe(found.time.anchor.height - 1);
  });

  it('judges each leg by itself and names the one that was altered, as verification does', async () => {
    for (const leg of ['space', 'stake', 'work', 'time'] as const) {
      const proof = fixture.tamper[leg](fixture.proof);
      const found = await inspect(proof);
      const verdict = await verifyOperation(fixture.operation, proof, fixture.context);
      expect(verdict).toMatchObject({ ok: false, leg });
      expect(found.altered).toBe(leg);
      const others = (['space', 'stake', 'time'] as const).filter((name) => name !== leg);
      for (const other of others) expect(found[other].ok, `${leg} altered, ${other}`).toBe(true);
      // Of a puzzle so easy a flipped bit may still solve it: its digest gives it away.
      if (leg !== 'work') expect(found[leg].ok).toBe(false);
    }
  });

  it('says that legs are unchecked where the anchor is not known', async () => {
    const found = await inspect(fixture.proof, { finalizedHeader: () => undefined });
    expect(found.space).toMatchObject({ ok: false, reason: 'unchecked', answers: [] });
    expect(found.stake).toMatchObject({ ok: false, reason: 'unchecked' });
    expect(found.time).toMatchObject({ ok: false, reason: 'unknown-anchor' });
    expect(found.header).toBeUndefined();
  });

  it('refuses bytes that are no proof, and a proof of another chain or operation', async () => {
    const garbage = await inspectProof(
      fixture.operation,
      Uint8Array.of(1, 2, 3),
      { ...fixture.context },
      clock,
    );
    expect(garbage).toEqual({ ok: false, leg: 'binding', reason: 'malformed' });
    const other = await inspect(fixture.proof, { chainId: 'ab'.repeat(32) });
    expect(other.binding).toEqual({ ok: false, reason: 'other-chain' });
    const moved = await inspectProof(
      { ...fixture.operation, body: { key: 'another', value: null } },
      fixture.proof,
      fixture.context,
      clock,
    );
    expect(moved.ok && moved.inspection.binding).toEqual({ ok: false, reason: 'other-operation' });
  });
});
