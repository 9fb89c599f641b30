import {
  createGenesis,
  type GenesisMember,
  type Profile,
  type ProfileName,
  plotBytes,
  profileOf,
  verifyOperation,
  verifyPuzzle,
} from '@hypermesh/consensus';
import { createProofFixture, type ProofFixture } from '@hypermesh/consensus/testing';
import { sha256, utf8 } from '@hypermesh/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { regenerationMs, workMib } from '../src/profiles.ts';
import { checkWindow } from '../src/proof-window.ts';
import { checkBond } from '../src/stake/bond.ts';
import { leadingZeros } from '../src/work/puzzle.ts';

/** What each profile accepts at least (power, offset in ms, plots, MiB of work, validators), as documented. */
const matrix = [
  {
    name: 'localhost',
    power: 100n,
    offsetMs: 300_000,
    bytes: 2n ** 20n,
    k: 18,
    count: 1,
    work: 16,
    validators: 1,
  },
  {
    name: 'default',
    power: 5_000n,
    offsetMs: 60_000,
    bytes: 2n ** 30n,
    k: 25,
    count: 2,
    work: 1024,
    validators: 4,
  },
  {
    name: 'production',
    power: 50_000n,
    offsetMs: 30_000,
    bytes: 10n * 2n ** 30n,
    k: 32,
    count: 1,
    work: 16_384,
    validators: 4,
  },
] as const;

const members = (row: (typeof matrix)[number], change: Partial<GenesisMember> = {}): GenesisMember[] =>
  Array.from({ length: row.validators }, (_, i) => ({
    name: `member ${i}`,
    key: sha256(utf8(`key ${i}`)),
    vrfKey: sha256(utf8(`vrf ${i}`)),
    power: row.power,
    validator: true,
    space: [{ id: 0, k: row.k, count: row.count }],
    ...(i === 0 ? change : {}),
  }));

const genesisOf = (profile: ProfileName, list: readonly GenesisMember[]) =>
  createGenesis({ name: 'matrix', createdMs: 1, profile, members: list, bindings: {} });

describe.each(matrix)('the profile $name', (row) => {
  const { name } = row;
  const profile = profileOf(name);
  const genesisRefusal = (list: readonly GenesisMember[]) => expect(() => genesisOf(name, list));
  const failure = (reason: string) =>
    expect.objectContaining({ failure: { code: 'consensus/bad-genesis', reason } });

  test('accepts a genesis at its minima and refuses one below any of them [consensus-03]', () => {
    expect(genesisOf(name, members(row)).chainId).toHaveLength(64);
    genesisRefusal(members(row, { power: row.power - 1n })).toThrow(failure('power-too-low'));
    genesisRefusal(members(row, { space: [{ id: 0, k: row.k - 1, count: 4096 }] })).toThrow(
      failure(row.k === 18 ? 'bad-groups' : 'plot-too-small'),
    );
    genesisRefusal(members(row).slice(1)).toThrow(
      failure(row.validators === 1 ? 'no-members' : 'too-few-validators'),
    );
    genesisRefusal(members(row, { validator: false })).toThrow(failure('too-few-validators'));
    if (row.count > 1) {
      genesisRefusal(members(row, { space: [{ id: 0, k: row.k, count: row.count - 1 }] })).toThrow(
        failure('space-too-small'),
      );
    }
    expect(BigInt(row.count) * plotBytes(row.k)).toBeGreaterThanOrEqual(profile.minimumSpaceBytes);
    expect(profile.minimumSpaceBytes).toBe(row.bytes);
  });

  test('accepts a bond at its minimum and refuses one below [consensus-03]', () => {
    const actor = new Uint8Array(32);
    const bond = {
      v: 1,
      actor,
      vrfKey: actor,
      power: row.power,
      status: 'bonded',
      renewedMs: 0,
      sequence: 0,
    } as const;
    const needs = {
      actor,
      powers: [profile.minimumPower],
      maxAgeMs: profile.maxBondAgeMs,
      nowMs: 30 * 86_400_000,
    };
    expect(checkBond(bond, needs)).toEqual({ ok: true });
    expect(checkBond({ ...bond, power: row.power - 1n }, needs)).toEqual({ ok: false, reason: 'too-low' });
    expect(checkBond(bond, { ...needs, nowMs: needs.nowMs + 1 })).toEqual({ ok: false, reason: 'expired' });
  });

  test('accepts a claimed time at its offset and refuses one beyond [consensus-03]', () => {
    const hash = new Uint8Array(32);
    const nowMs = 10_000_000;
    const at = (claimedMs: number, anchorMs: number) =>
      checkWindow(
        { sequence: 1, anchor: { height: 1, hash }, claimedMs },
        {
          profile,
          nowMs,
          finalizedHeader: () => ({
            height: 1,
            view: 1,
            hash,
            timeMs: anchorMs,
            stateHeight: 0,
            stateRoot: hash,
          }),
        },
      );
    expect(at(nowMs + row.offsetMs, nowMs).ok).toBe(true);
    expect(at(nowMs + row.offsetMs + 1, nowMs)).toEqual({ ok: false, reason: 'future' });
    expect(at(nowMs, nowMs - row.offsetMs).ok).toBe(true);
    expect(at(nowMs, nowMs - row.offsetMs - 1)).toEqual({ ok: false, reason: 'stale' });
    expect(at(nowMs - row.offsetMs, nowMs - row.offsetMs).ok).toBe(true);
    expect(at(nowMs - row.offsetMs - 1, nowMs - row.offsetMs - 1)).toEqual({ ok: false, reason: 'stale' });
    expect(at(nowMs - 2, nowMs - 1)).toEqual({ ok: false, reason: 'before-anchor' });
  });

  test('asks for the documented work, and an evaluation one bit short is refused [consensus-03]', async () => {
    expect(workMib(profile)).toBe(row.work);
    // The memory of this evaluation is small, so that the bits at the boundary can be found quickly.
    const puzzle = { input: new Uint8Array(32), actor: new Uint8Array(32), memoryKib: 8 };
    const { difficulty } = profile;
    let nonce = 0;
    for (const wanted of [difficulty - 1, difficulty]) {
      for (let found = -1; found !== wanted; nonce++) {
        const bytes = new Uint8Array(8);
        new DataView(bytes.buffer).setUint32(0, nonce);
        const verdict = await verifyPuzzle({ ...puzzle, nonce: bytes, difficulty: 0 });
        found = verdict.ok ? verdict.zeros : -1;
        if (found !== wanted) continue;
        expect((await verifyPuzzle({ ...puzzle, nonce: bytes, difficulty })).ok).toBe(wanted === difficulty);
      }
    }
    expect(leadingZeros(Uint8Array.of(0, 128))).toBe(8);
  });

  test('allows no plot that can be made again within its window, as far as it is checked [consensus-03]', () => {
    const { regenerationSpeedup, minimumK, maxOffsetMs } = profile;
    if (regenerationSpeedup === undefined) {
      expect(name).toBe('localhost');
      return;
    }
    expect(regenerationMs(minimumK) / regenerationSpeedup).toBeGreaterThan(maxOffsetMs);
    expect(regenerationMs(minimumK - 1) / regenerationSpeedup).toBeLessThanOrEqual(maxOffsetMs);
  });
});

test('a genesis of more validators than an engine takes, or of more power than a bond holds, is refused', () => {
  const [row] = matrix;
  const many = (count: number) => members({ ...row, validators: count } as never);
  const failure = (reason: string) =>
    expect.objectContaining({ failure: expect.objectContaining({ reason }) });
  expect(genesisOf('localhost', many(256)).genesis.members).toHaveLength(256);
  expect(() => genesisOf('localhost', many(257))).toThrow(failure('too-many-validators'));
  const all = 2n ** 64n - 1n;
  const two = (power: bigint) => many(2).map((member, i) => ({ ...member, power: i === 0 ? power : 100n }));
  expect(genesisOf('localhost', two(all - 100n)).genesis.members).toHaveLength(2);
  expect(() => genesisOf('localhost', two(all - 99n))).toThrow(failure('power-too-high'));
});

describe('a whole proof', () => {
  let fixture: ProofFixture;
  beforeAll(async () => {
    fixture = await createProofFixture();
  });
  const under = (change: Partial<Profile>) => {
    const { operation, proof, context } = fixture;
    return verifyOperation(operation, proof, { ...context, profile: { ...context.profile, ...change } });
  };

  test('holds at the minima of its profile, and the leg below one is named [consensus-03]', async () => {
    const space = plotBytes(18);
    expect((await under({ minimumPower: 1_000_000n, minimumSpaceBytes: space })).ok).toBe(true);
    expect(await under({ minimumPower: 1_000_001n })).toEqual({ ok: false, leg: 'stake', reason: 'too-low' });
    expect(await under({ minimumSpaceBytes: space + 1n })).toEqual({
      ok: false,
      leg: 'space',
      reason: 'too-small',
    });
    expect(await under({ minimumK: 19 })).toEqual({ ok: false, leg: 'space', reason: 'bad-groups' });
    expect(await under({ minimumAnswers: 7 })).toEqual({
      ok: false,
      leg: 'space',
      reason: 'too-few-answers',
    });
    expect(await under({ iterations: 2 ** 16 + 1 })).toEqual({ ok: false, leg: 'time', reason: 'too-short' });
    expect(await under({ difficulty: 30 })).toEqual({ ok: false, leg: 'work', reason: 'too-easy' });
    expect(await under({ maxOffsetMs: 999 })).toEqual({ ok: false, leg: 'time', reason: 'stale' });
  });

  test('of the localhost profile serves neither default nor production [consensus-03]', async () => {
    for (const name of ['default', 'production'] as const) {
      expect((await under(profileOf(name))).ok).toBe(false);
    }
  });
});
