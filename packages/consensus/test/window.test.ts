import { createOperation, prove, verifyOperation } from '@hypermesh/consensus';
import { createProofFixture, type ProofFixture } from '@hypermesh/consensus/testing';
import { beforeAll, describe, expect, test } from 'vitest';

let fixture: ProofFixture;
beforeAll(async () => {
  fixture = await createProofFixture();
});

const check = (change: object) => {
  const { operation, proof, context } = fixture;
  return verifyOperation(operation, proof, { ...context, ...change });
};
const refused = (reason: string) => ({ ok: false, leg: 'time', reason });

describe('a proof out of its time', () => {
  test('is refused as a replay once its sequence was used [consensus-07]', async () => {
    expect((await check({ lastSequence: 0 })).ok).toBe(true);
    expect(await check({ lastSequence: 1 })).toEqual(refused('replayed'));
    expect(await check({ lastSequence: 9 })).toEqual(refused('replayed'));
  });

  test('is refused as out of sequence when one before it is missing [consensus-07]', async () => {
    const { context, chainId, operation } = fixture;
    const later = createOperation({
      chainId,
      kind: 'asset.register',
      actor: operation.actor,
      sequence: 3,
      body: {},
    });
    const proof = await prove(later, context);
    expect(await verifyOperation(later, proof, { ...context, lastSequence: 1 })).toEqual(
      refused('out-of-sequence'),
    );
    expect((await verifyOperation(later, proof, { ...context, lastSequence: 2 })).ok).toBe(true);
  });

  test('is refused as from the future beyond the offset, to the millisecond [consensus-07]', async () => {
    const { context, operation } = fixture;
    const proof = await prove(operation, { ...context, nowMs: context.nowMs + 300_000 });
    expect((await verifyOperation(operation, proof, context)).ok).toBe(true);
    const early = { ...context, nowMs: context.nowMs - 1 };
    expect(await verifyOperation(operation, proof, early)).toEqual(refused('future'));
  });

  test('is refused as stale when its anchor or its claim is too old, to the millisecond [consensus-07]', async () => {
    const { context } = fixture;
    const anchorMs = context.anchors[0]?.timeMs as number;
    expect((await check({ nowMs: anchorMs + 300_000 })).ok).toBe(true);
    expect(await check({ nowMs: anchorMs + 300_001 })).toEqual(refused('stale'));
  });

  test('is refused when its anchor is unknown, or another block stands there', async () => {
    const { context, proof } = fixture;
    expect(await check({ finalizedHeader: () => undefined })).toEqual(refused('unknown-anchor'));
    const other = context.finalizedHeader(proof.time.anchor.height - 1);
    expect(await check({ finalizedHeader: () => other })).toEqual(refused('wrong-anchor'));
  });

  test('is refused as a replay by the state that its anchor names, without being told the sequence', async () => {
    const { ledger, operation, proof, context } = fixture;
    const { encodeTransaction } = await import('@hypermesh/consensus');
    const last = context.anchors[0];
    if (last === undefined) throw new Error('no anchor');
    const block = {
      ...last,
      height: 9,
      timeMs: last.timeMs + 1000,
      stateHeight: 8,
      hash: new Uint8Array(32).fill(9),
    };
    const tx = encodeTransaction({ operation, proof });
    expect((await ledger.apply({ header: block, txs: [tx] })).results).toEqual([{ code: 'ok' }]);
    const after = {
      ...block,
      height: 10,
      stateHeight: 9,
      stateRoot: ledger.stateRoot(),
      hash: new Uint8Array(32).fill(10),
    };
    await ledger.apply({ header: after, txs: [] });
    const again = await prove(operation, {
      ...context,
      anchors: [after],
      member: (anchor) => ledger.memberProof(operation.actor, anchor),
    });
    const verdict = await verifyOperation(operation, again, { ...context, finalizedHeader: () => after });
    expect(verdict).toEqual(refused('replayed'));
  });
});
