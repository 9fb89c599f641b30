import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeGenesis } from '@hypermesh/consensus';
import { nodeIdOf } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { type DataDirectory, readIfPresent } from '../src/data-directory.ts';
import { isBoundTo } from '../src/mesh/facts.ts';
import { createFounding, type FoundingMember, openFounding } from '../src/mesh/founding.ts';
import { tokenDigest } from '../src/mesh/invitation.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const clock = createManualClock(1_700_000_000_000);
const logKey = 'the key of the log';

function member(name: string, changes: Partial<FoundingMember> = {}): FoundingMember {
  const key = generateKey().publicKey;
  const vrfKey = generateKey().publicKey;
  return { v: 1, node: nodeIdOf(key), name, key, vrfKey, signer: `signer of ${name}`, ...changes };
}

function found(directory: DataDirectory, validators: number) {
  const random = createSeededRandom('founding');
  createFounding(directory, { mesh: 'test', validators, root: 'SHA256:00', token: () => random.bytes(32) });
  return reopen(directory);
}

function reopen(directory: DataDirectory) {
  const founding = openFounding(directory, clock);
  if (founding === undefined) throw new Error('nothing was founded');
  return founding;
}

const founder = member('amber');
const digestsOf = (founding: ReturnType<typeof reopen>) =>
  founding.invitations(founder.node, ['quic://[::1]:1']).map(({ token }) => tokenDigest(token));

describe('a founding', () => {
  it('makes the genesis when the last member is in, the same one after every restart', () => {
    using directory = temporaryDirectory();
    expect(openFounding(directory, clock)).toBeUndefined();
    const founding = found(directory, 3);
    founding.admit(founder, undefined);
    const [first, second] = digestsOf(founding);
    founding.admit(member('birch'), first);
    expect(founding.genesis(logKey)).toBeUndefined();
    const again = reopen(directory);
    expect(again.members()).toHaveLength(2);
    expect(again.invitations(founder.node, [])).toHaveLength(1);
    again.admit(member('cedar'), second);
    const made = again.genesis(logKey);
    expect(made?.genesis.members.map(({ name }) => name).sort()).toEqual(['amber', 'birch', 'cedar']);
    clock.advance(1000);
    const later = reopen(directory).genesis(logKey);
    expect(Buffer.compare(later?.bytes ?? Buffer.of(1), made?.bytes ?? Buffer.of(2))).toBe(0);
    expect(later?.chainId).toBe(made?.chainId);
    expect(later !== undefined && isBoundTo(later.genesis, later.facts)).toBe(true);
    expect(decodeGenesis(made?.bytes ?? new Uint8Array())).toMatchObject({
      ok: true,
      chainId: made?.chainId,
    });
  });

  it('binds its genesis to the key of the log: another key gives facts that it is not bound to', () => {
    using directory = temporaryDirectory();
    const founding = found(directory, 1);
    founding.admit(founder, undefined);
    founding.genesis(logKey);
    const other = reopen(directory).genesis('another key');
    expect(other !== undefined && isBoundTo(other.genesis, other.facts)).toBe(false);
  });

  it('gives a token to one node only, also when two bring it at once', async () => {
    using directory = temporaryDirectory();
    const founding = found(directory, 4);
    const [digest = ''] = digestsOf(founding);
    const [birch, thief] = [member('birch'), member('thief')];
    // Both are told that the token is free: what comes first into the files counts.
    expect(founding.tokenFor(digest, birch.node)).toBeDefined();
    expect(founding.tokenFor(digest, thief.node)).toBeDefined();
    founding.admit(birch, digest);
    expect(await failureOf(() => founding.admit(thief, digest))).toMatchObject({
      code: 'node/refused',
      reason: 'the invitation is used',
    });
    for (const state of [founding, reopen(directory)]) {
      expect(state.tokenFor(digest, thief.node)).toBeUndefined();
      expect(state.tokenFor(digest, birch.node)).toBeDefined();
      expect(state.members()).toEqual([birch]);
    }
    expect(founding.tokenFor(tokenDigest(new Uint8Array(32)), thief.node)).toBeUndefined();
  });

  it('takes the same node again with the same token, for an answer that was lost', async () => {
    using directory = temporaryDirectory();
    const founding = found(directory, 4);
    const [digest = ''] = digestsOf(founding);
    const birch = member('birch');
    founding.admit(birch, digest);
    founding.admit(birch, digest);
    reopen(directory).admit(birch, digest);
    expect(reopen(directory).members()).toEqual([birch]);
    expect(await failureOf(() => founding.admit({ ...birch, name: 'other' }, digest))).toMatchObject({
      code: 'node/refused',
      next: 'join with --name birch',
    });
  });

  it('admits nobody whom no genesis could list beside the others', async () => {
    using directory = temporaryDirectory();
    const founding = found(directory, 3);
    founding.admit(founder, undefined);
    const [digest = ''] = digestsOf(founding);
    const own = generateKey().publicKey;
    for (const [bad, reason] of [
      [member('amber'), 'the name amber is taken'],
      [member('birch', { vrfKey: founder.vrfKey }), 'a key of it is taken'],
      [member('birch', { vrfKey: founder.key }), 'a key of it is taken'],
      [member('birch', { key: own, node: nodeIdOf(own), vrfKey: own }), 'a key of it is taken'],
    ] as const) {
      expect(await failureOf(() => founding.admit(bad, digest))).toMatchObject({
        code: 'node/refused',
        reason,
      });
    }
    expect(founding.tokenFor(digest, member('birch').node)).toBeDefined();
    founding.admit(member('birch'), digest);
    founding.admit(member('cedar'), digestsOf(founding)[0]);
    expect(await failureOf(() => founding.admit(member('delta'), undefined))).toMatchObject({
      reason: 'the mesh has all its founding members',
    });
    expect(founding.genesis(logKey)).toBeDefined();
  });

  it('survives a crash between its writes: an unfinished file is not looked at', () => {
    using directory = temporaryDirectory();
    const founding = found(directory, 2);
    founding.admit(founder, undefined);
    const birch = member('birch');
    const [digest] = digestsOf(founding);
    founding.admit(birch, digest);
    // The member was written, the genesis was not; half of a file of the next member lies about.
    writeFileSync(join(directory.enrolments, `${member('cedar').node}.cbor.4711.new`), 'half');
    expect(readIfPresent(directory.genesis)).toBeUndefined();
    const again = reopen(directory);
    expect(again.members()).toHaveLength(2);
    expect(again.genesis(logKey)?.genesis.members).toHaveLength(2);
  });

  it('that is damaged says which file, and is never taken for a smaller one', async () => {
    using directory = temporaryDirectory();
    const founding = found(directory, 2);
    founding.admit(founder, undefined);
    founding.admit(member('birch'), digestsOf(founding)[0]);
    founding.genesis(logKey);
    truncateSync(directory.genesis, 40);
    expect(await failureOf(() => founding.genesis(logKey))).toMatchObject({
      code: 'node/damaged-file',
      file: directory.genesis,
      reason: 'truncated',
    });
    const [name = ''] = readdirSync(directory.enrolments);
    writeFileSync(join(directory.enrolments, name), 'garbage');
    expect(await failureOf(() => reopen(directory))).toMatchObject({
      code: 'node/damaged-file',
      file: join(directory.enrolments, name),
    });
    rmSync(directory.enrolments, { recursive: true });
    writeFileSync(directory.founding, '');
    expect(await failureOf(() => reopen(directory))).toMatchObject({
      code: 'node/damaged-file',
      file: directory.founding,
      reason: 'truncated',
    });
  });
});
