import {
  type ConsensusProof,
  createOperation,
  encodeOperation,
  encodeProof,
  type Operation,
  prove,
  type Reexecutor,
  solvePuzzle,
  vdf,
  verifyOperation,
  verifyPuzzle,
  type WorkReceipt,
} from '@hypermesh/consensus';
import { createProofFixture, type ProofFixture } from '@hypermesh/consensus/testing';
import { type CanonicalValue, decodeCanonical, encodeCanonical, equalBytes } from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { bindingMessage, encodeLeg, legDigest, puzzleInput, vrfInput } from '../src/proof.ts';

const LEGS = ['space', 'stake', 'work', 'time'] as const;

let fixture: ProofFixture;
let proof: ConsensusProof;
let operation: Operation;
beforeAll(async () => {
  fixture = await createProofFixture();
  ({ proof, operation } = fixture);
});

/** A leaf of nested plain data with its path, bytes counting as leaves. */
function* leaves(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) yield path;
  else for (const [key, item] of Object.entries(value)) yield* leaves(item, [...path, key]);
}

function altered(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    if (value.length === 0) return Uint8Array.of(1);
    const copy = value.slice();
    copy[copy.length >> 1] = (copy[copy.length >> 1] as number) ^ 4;
    return copy;
  }
  if (typeof value === 'string') return `${value}.x`;
  if (typeof value === 'bigint') return value + 1n;
  return typeof value === 'number' ? value + 1 : true;
}

/** A deep copy of plain data in which the leaf at `path` is altered. */
function withAltered(value: unknown, path: readonly string[]): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return altered(value);
  const entries = Object.entries(value as object).map(([key, item]) =>
    key === first ? [key, withAltered(item, rest)] : [key, item],
  );
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

/** The proof with digests and signature made anew, as only the actor can: for faults below the binding. */
function resealed(changed: ConsensusProof): ConsensusProof {
  const { context } = changed.binding;
  const space = legDigest.space(context, encodeLeg(changed.space));
  const time = legDigest.time(space, encodeLeg(changed.time));
  const work = legDigest.work(time, encodeLeg(changed.work));
  const stake = legDigest.stake(work, encodeLeg(changed.stake));
  const unsigned = { context, space, time, work, stake };
  const signature = createSigner(fixture.secretKey).sign(bindingMessage(unsigned));
  return { ...changed, binding: { ...unsigned, signature } };
}

/** A proof that goes on honestly from a time leg of the actor's choice. */
async function continued(time: ConsensusProof['time']): Promise<ConsensusProof> {
  const { context, space } = proof.binding;
  const dT = legDigest.time(space, encodeLeg(time));
  const { memoryKib, difficulty } = fixture.context.profile;
  const nonce = await solvePuzzle({
    input: puzzleInput(context, dT),
    actor: operation.actor,
    memoryKib,
    difficulty,
  });
  const work = { ...proof.work, nonce };
  const { vrf } = fixture;
  const stake = {
    ...proof.stake,
    vrf: vrf.prove(vrfInput(context, legDigest.work(dT, encodeLeg(work)))).proof,
  };
  return resealed({ ...proof, time, work, stake });
}

/** A nonce that does not solve the puzzle of the proof. */
async function unsolved(): Promise<Uint8Array> {
  const { memoryKib, difficulty } = fixture.context.profile;
  const input = puzzleInput(proof.binding.context, proof.binding.time);
  for (let last = 255; ; last--) {
    const nonce = new Uint8Array(8).fill(last);
    if (!(await verifyPuzzle({ input, actor: operation.actor, nonce, memoryKib, difficulty })).ok)
      return nonce;
  }
}

describe('the four proofs of an operation', () => {
  test('hold together, as values and as bytes', async () => {
    const verdict = await verifyOperation(operation, proof, fixture.context);
    expect(verdict).toMatchObject({ ok: true, power: 1_000_000n, committedBytes: 4_849_664n });
    expect(await verifyOperation(encodeOperation(operation), encodeProof(proof), fixture.context)).toEqual(
      verdict,
    );
    expect(encodeProof(proof).length).toBeLessThan(4096);
  });

  test.each(LEGS)('are refused without the %s leg, which is named [consensus-01]', async (leg) => {
    const missing = { ok: false, leg, reason: 'missing' };
    expect(await verifyOperation(operation, { ...proof, [leg]: undefined }, fixture.context)).toEqual(
      missing,
    );
    const { [leg]: _, ...rest } = proof;
    expect(await verifyOperation(operation, rest, fixture.context)).toEqual(missing);
    expect(await verifyOperation(operation, encodeCanonical(rest), fixture.context)).toEqual(missing);
    expect(await verifyOperation(operation, { ...proof, [leg]: null }, fixture.context)).toEqual(missing);
  });

  test.each(LEGS)(
    'are refused with any field of the %s leg altered, which is named [consensus-01]',
    async (leg) => {
      const paths = [...leaves(proof[leg])];
      expect(paths.length).toBeGreaterThanOrEqual(2);
      for (const path of paths) {
        const bad = { ...proof, [leg]: withAltered(proof[leg], path) };
        expect(await verifyOperation(operation, bad, fixture.context), path.join('.')).toMatchObject({
          ok: false,
          leg,
        });
      }
      expect(await verifyOperation(operation, fixture.tamper[leg](proof), fixture.context)).toMatchObject({
        ok: false,
        leg,
      });
    },
  );

  test('are refused with any field of the binding altered, and the binding named', async () => {
    for (const path of leaves(proof.binding)) {
      const bad = { ...proof, binding: withAltered(proof.binding, path) };
      expect(await verifyOperation(operation, bad, fixture.context)).toMatchObject({
        ok: false,
        leg: 'binding',
      });
    }
  });

  test('are refused where the actor itself made one of them falsely, and that one is named [consensus-01]', async () => {
    const { space, time, work, stake } = proof;
    const [first, second, ...rest] = space.answers as ConsensusProof['space']['answers'][number][];
    const cases: readonly [Partial<ConsensusProof>, string, string][] = [
      [{ space: { ...space, answers: space.answers.slice(1) } }, 'space', 'too-few-answers'],
      [{ space: { ...space, answers: [second, first, ...rest] as never } }, 'space', 'unordered-answers'],
      [{ space: { ...space, answers: [first, first, ...rest] as never } }, 'space', 'unordered-answers'],
      [
        { space: { ...space, answers: [{ ...first, proof: second?.proof }, second, ...rest] as never } },
        'space',
        'wrong-answer',
      ],
      [{ space: { ...space, record: Uint8Array.of(1) } }, 'space', 'not-in-state'],
      [{ space: { ...space, path: [...space.path, new Uint8Array(32)] } }, 'space', 'not-in-state'],
      [{ stake: { ...stake, record: proof.space.record } }, 'stake', 'not-in-state'],
      [{ stake: { ...stake, vrf: fixture.vrf.prove(new Uint8Array(32)).proof } }, 'stake', 'bad-vrf'],
      [{ time: { ...time, iterations: time.iterations - 1 } }, 'time', 'too-short'],
      [{ work: { ...work, nonce: await unsolved() } }, 'work', 'too-easy'],
    ];
    for (const [change, leg, reason] of cases) {
      const verdict = await verifyOperation(operation, resealed({ ...proof, ...change }), fixture.context);
      expect(verdict).toEqual({ ok: false, leg, reason });
    }
    const delay = await vdf('rsa-2048').prove(operation.actor, time.iterations);
    const late = await continued({ ...time, ...delay });
    expect(await verifyOperation(operation, late, fixture.context)).toEqual({
      ok: false,
      leg: 'time',
      reason: 'wrong-delay',
    });
    const honest = await continued(time);
    expect((await verifyOperation(operation, honest, fixture.context)).ok).toBe(true);
  });

  test('never serve another operation: any field changed, and it is refused [consensus-02]', async () => {
    const paths = [...leaves(operation)];
    expect(paths.length).toBeGreaterThanOrEqual(10);
    for (const path of paths) {
      const other = withAltered(operation, path);
      expect(await verifyOperation(other, proof, fixture.context), path.join('.')).toMatchObject({
        ok: false,
      });
    }
    const body = { ...(operation.body as Record<string, CanonicalValue>), more: 1 };
    const other = { ...operation, body };
    expect(await verifyOperation(other, proof, fixture.context)).toEqual({
      ok: false,
      leg: 'binding',
      reason: 'other-operation',
    });
  });

  test('cannot be mixed with those of another operation, sequence, anchor, actor or ledger [consensus-02]', async () => {
    const { context, chainId } = fixture;
    const again = (change: object): Promise<ConsensusProof> => {
      const other = createOperation({
        chainId,
        kind: 'asset.register',
        actor: operation.actor,
        sequence: 1,
        body: {},
        ...change,
      });
      return prove(other, context);
    };
    const stranger = await createProofFixture({ seed: 'stranger' });
    const others = [
      await again({ body: { key: 'other', value: 1 } }),
      await again({ sequence: 2 }),
      await again({ kind: 'asset.policy' }),
      await prove(operation, { ...context, anchors: context.anchors.slice(3) }),
      stranger.proof,
    ];
    let swaps = 0;
    for (const other of others) {
      for (const part of [...LEGS, 'binding'] as const) {
        for (const [mine, theirs] of [
          [proof, other],
          [other, proof],
        ] as const) {
          const mixed = { ...mine, [part]: theirs[part] };
          const verdict = await verifyOperation(operation, mixed, context);
          // A swap of a leg that is the same in both, such as the bond's records, changes nothing.
          const isSame = equalBytes(encodeCanonical(mixed), encodeProof(proof));
          expect(verdict.ok, `${part} of ${others.indexOf(other)}`).toBe(isSame);
          swaps++;
        }
      }
      const digests = { ...proof.binding, ...other.binding, signature: proof.binding.signature };
      expect((await verifyOperation(operation, { ...other, binding: digests }, context)).ok).toBe(false);
    }
    expect(swaps).toBe(50);
    expect(await verifyOperation(stranger.operation, stranger.proof, context)).toMatchObject({
      leg: 'binding',
      reason: 'other-chain',
    });
  });

  test('are bound to a receipt, which re-executes where there is a port [consensus-06]', async () => {
    const receipt: WorkReceipt = {
      v: 1,
      module: new Uint8Array(32).fill(1),
      input: new Uint8Array(32).fill(2),
      output: new Uint8Array(32).fill(3),
      fuel: 5n,
      profile: 'test',
    };
    const withReceipt = await prove(operation, { ...fixture.context, receipt });
    const fuel = 5n;
    const honest: Reexecutor = { execute: async () => ({ ok: true, output: receipt.output, fuel }) };
    const other: Reexecutor = { execute: async () => ({ ok: true, output: receipt.input, fuel }) };
    expect(
      (await verifyOperation(operation, withReceipt, { ...fixture.context, reexecutor: honest })).ok,
    ).toBe(true);
    expect(
      await verifyOperation(operation, withReceipt, { ...fixture.context, reexecutor: other }),
    ).toMatchObject({
      leg: 'work',
      reason: 'output-differs',
    });
    const stripped = { ...withReceipt, work: { ...withReceipt.work, receipt: undefined } };
    expect(await verifyOperation(operation, stripped, fixture.context)).toMatchObject({
      ok: false,
      leg: 'work',
    });
    const { receipt: _, ...bare } = withReceipt.work;
    expect(await verifyOperation(operation, { ...withReceipt, work: bare }, fixture.context)).toMatchObject({
      leg: 'work',
      reason: 'altered',
    });
  });

  test('fit an operation that needs exactly the committed space, not one byte more [consensus-13]', async () => {
    const spaceBytes = 4_849_664n;
    const enough = await createProofFixture({ needs: { spaceBytes } });
    expect((await verifyOperation(enough.operation, enough.proof, enough.context)).ok).toBe(true);
    const more = await createProofFixture({ needs: { spaceBytes: spaceBytes + 1n } });
    expect(await verifyOperation(more.operation, more.proof, more.context)).toEqual({
      ok: false,
      leg: 'space',
      reason: 'too-small',
    });
  });

  test('meet what an operation needs beyond the profile, or name the leg that does not', async () => {
    const harder = await createProofFixture({ needs: { workBits: 5, power: 1_000_000n } });
    expect((await verifyOperation(harder.operation, harder.proof, harder.context)).ok).toBe(true);
    const poorer = await createProofFixture({ needs: { power: 1_000_001n } });
    expect(await verifyOperation(poorer.operation, poorer.proof, poorer.context)).toMatchObject({
      leg: 'stake',
      reason: 'too-low',
    });
  });
});

describe('proving', () => {
  test('again for the same operation and anchor gives the same proof', async () => {
    expect(await prove(operation, fixture.context)).toEqual(proof);
    const again = await createProofFixture({});
    expect(again.proof).toEqual(proof);
  });

  test('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('no more'));
    await expect(prove(operation, { ...fixture.context, signal })).rejects.toThrow('no more');
  });

  test("refuses what is not the signer's own", async () => {
    const stranger = await createProofFixture({ seed: 'stranger' });
    await expect(prove(stranger.operation, fixture.context)).rejects.toMatchObject({
      code: 'consensus/bad-argument',
    });
    const context = { ...fixture.context, member: () => undefined };
    await expect(prove(operation, context)).rejects.toMatchObject({ code: 'consensus/not-a-member' });
  });

  test('says so when the plots answer too little', async () => {
    const context = { ...fixture.context, plots: { proofs: async () => [] } };
    await expect(prove(operation, context)).rejects.toMatchObject({
      code: 'consensus/space-miss',
      failure: { answered: 0, needed: 6 },
    });
  });
});

describe('anything else in place of an operation or a proof', () => {
  test('is refused and never throws', async () => {
    const hostile = [
      undefined,
      null,
      1,
      'proof',
      [],
      {},
      new Uint8Array(0),
      new Uint8Array(100_000),
      new Date(),
      () => 1,
      Object.defineProperty({}, 'space', {
        enumerable: true,
        get: () => {
          throw new Error('trap');
        },
      }),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('trap');
          },
        },
      ),
      { ...proof, v: 2 },
      { ...proof, more: 1 },
    ];
    for (const value of hostile) {
      expect((await verifyOperation(operation, value, fixture.context)).ok).toBe(false);
      expect((await verifyOperation(value, proof, fixture.context)).ok).toBe(false);
    }
  });

  test('such as altered bytes is refused: no single byte of a proof may change', async () => {
    const bytes = encodeProof(proof);
    const kept = { ...fixture.context };
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const copy = bytes.slice();
        copy[at] = (copy[at] as number) ^ mask;
        expect((await verifyOperation(operation, copy, kept)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(decodeCanonical(bytes).ok).toBe(true);
  });
});
