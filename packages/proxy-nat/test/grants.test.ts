import { decodeCanonical, encodeCanonical, type LogFields, toHex } from '@hypermesh/core';
import { createSigner, generateKey, verify } from '@hypermesh/core/ed25519';
import { createManualClock } from '@hypermesh/core/testing';
import { expect, test } from 'vitest';
import { signGrant } from '../src/authority/grant.ts';
import { decodeToken, type Fault, type GrantRequest, rights, verifyGrant } from '../src/index.ts';
import { holder, openHome } from './support.ts';

const fault = (name: Fault) =>
  expect.objectContaining({ code: 'proxy-nat/fault', failure: expect.objectContaining({ fault: name }) });

function tokenParts(token: Uint8Array): { v: number; record: Uint8Array; key: Uint8Array } {
  const decoded = decodeCanonical(token);
  if (!decoded.ok) throw new TypeError(decoded.reason);
  return decoded.value as { v: number; record: Uint8Array; key: Uint8Array };
}

test('a token works once issued, for its grantee, on its region [proxy-04]', async () => {
  const { lend, client } = openHome();
  const region = lend();
  const { token, grant, record } = region.grant({ grantee: 'bob' });
  expect(verifyGrant(record, { verify })).toEqual({ ok: true, grant });
  const bob = client('bob');
  const memory = await bob.attach(token);
  expect([memory.address, memory.sizeBytes]).toEqual([region.address, region.sizeBytes]);
  expect(memory.mapping).toEqual(region.mapping);
  await memory.write(4090, Buffer.from('hello, other page'));
  expect(Buffer.from(await memory.read(4090, 17)).toString()).toBe('hello, other page');
  bob.close();
});

test('an altered token fails, whichever bit was flipped [proxy-04]', async () => {
  const { lend, client } = openHome();
  const { token } = lend().grant({ grantee: 'bob' });
  const bob = client('bob');
  for (let at = 0; at < token.length; at += 1) {
    const altered = Uint8Array.from(token);
    altered[at] = (altered[at] ?? 0) ^ (1 << (at % 8));
    await expect(bob.attach(altered), `byte ${at}`).rejects.toThrow(fault('Integrity'));
  }
  bob.close();
}, 60_000);

test('a token moved to another address, grantee, region or generation fails [proxy-04]', async () => {
  const { lend, client } = openHome();
  const [region, other] = [lend(), lend()];
  const { token, grant, record } = region.grant({ grantee: 'bob' });
  const parts = tokenParts(token);
  const resigned = (changes: object) =>
    encodeCanonical({ ...parts, record: signGrant({ ...grant, ...changes }, holder) });
  const bob = client('bob');
  await expect(client('eve').attach(token)).rejects.toThrow(fault('Protection'));
  await expect(bob.attach(resigned({ address: other.address }))).rejects.toThrow(fault('StaleGeneration'));
  await expect(bob.attach(resigned({ generation: grant.generation + 1 }))).rejects.toThrow(
    fault('StaleGeneration'),
  );
  await expect(bob.attach(resigned({ id: '11'.repeat(16) }))).rejects.toThrow(fault('StaleGeneration'));
  await expect(bob.attach(encodeCanonical({ ...parts, key: new Uint8Array(16) }))).rejects.toThrow(
    fault('Integrity'),
  );
  const forger = createSigner(generateKey(new Uint8Array(32).fill(66)).secretKey);
  const forged = encodeCanonical({ ...parts, record: signGrant(grant, forger) });
  await expect(bob.attach(forged)).rejects.toThrow(fault('Protection'));
  const memory = await bob.attach(token);
  await expect(memory.read(Number(other.address - region.address), 8)).rejects.toThrow(fault('Protection'));
  expect(decodeToken(token)).toEqual({ ok: true, record, key: parts.key });
});

test('a token that is over, and an access after its time, fail as expired [proxy-04]', async () => {
  const clock = createManualClock(1_000_000);
  const { lend, client } = openHome({}, { clock });
  const { token } = lend().grant({ grantee: 'bob', expiresMs: 1_000_500 });
  const bob = client('bob');
  const memory = await bob.attach(token);
  await memory.write(0, Buffer.from('in time'));
  clock.advance(500);
  await expect(memory.read(0, 7)).rejects.toThrow(fault('Expired'));
  await expect(bob.attach(token)).rejects.toThrow(fault('Expired'));
});

test('a revoked token fails for accesses and for attaches, other grants of the region go on [proxy-04]', async () => {
  const { server, lend, client } = openHome();
  const region = lend();
  const [first, second] = [region.grant({ grantee: 'bob' }), region.grant({ grantee: 'carol' })];
  const [bob, carol] = [client('bob'), client('carol')];
  const memory = await bob.attach(first.token);
  const others = await carol.attach(second.token);
  await memory.write(0, Buffer.from('x'));
  expect(await server.revoke(first.grant.id)).toBe(true);
  for (const access of [
    () => memory.read(0, 1),
    () => memory.write(0, Buffer.from('y')),
    () => memory.cas64(0, { expected: 0n, desired: 1n }),
    () => memory.fetchAdd64(0, 1n),
    () => bob.attach(first.token),
  ])
    await expect(access()).rejects.toThrow(fault('Revoked'));
  expect(Buffer.from(await others.read(0, 1)).toString()).toBe('x');
  expect(await server.revoke('unknown')).toBe(false);
});

test('revoking all grants of a region gives it a new generation, and new grants work on the same address', async () => {
  const { lend, client } = openHome();
  const region = lend();
  const before = region.generation;
  const old = await client('bob').attach(region.grant({ grantee: 'bob' }).token);
  await region.revokeAll();
  expect(region.generation).toBeGreaterThan(before);
  await expect(old.read(0, 1)).rejects.toThrow(fault('Revoked'));
  const fresh = await client('bob').attach(region.grant({ grantee: 'bob' }).token);
  expect((await fresh.read(0, 1)).length).toBe(1);
});

test('a region that has ended is zeroed before its bytes are lent again, and its old grants reach nothing [proxy-03]', async () => {
  const arena = new ArrayBuffer(8192);
  const { lend, client } = openHome({ arena });
  const region = lend(8192);
  const bob = client('bob');
  const memory = await bob.attach(region.grant({ grantee: 'bob' }).token);
  await memory.write(0, Buffer.alloc(8192, 0xee));
  expect(new Uint8Array(arena).every((byte) => byte === 0xee)).toBe(true);
  expect(() => lend(4096)).toThrow(expect.objectContaining({ code: 'proxy-nat/full' }));
  await Promise.all([region.close(), region.close()]);
  expect(new Uint8Array(arena).every((byte) => byte === 0)).toBe(true);
  const next = lend(8192);
  expect([next.address, next.generation > region.generation]).toEqual([region.address, true]);
  await expect(memory.read(0, 1)).rejects.toThrow(fault('StaleGeneration'));
  expect(() => region.grant({ grantee: 'bob' })).toThrow(
    expect.objectContaining({ code: 'proxy-nat/closed' }),
  );
});

test('a region that moved says so with the new mapping record', async () => {
  const { lend, client } = openHome();
  const region = lend();
  const { token } = region.grant({ grantee: 'bob' });
  const memory = await client('bob').attach(token);
  const record = Buffer.from('the new record');
  await region.close(record);
  const moved = expect.objectContaining({
    failure: { code: 'proxy-nat/fault', fault: 'Moved', isApplied: 'no', mapping: toHex(record) },
  });
  await expect(memory.read(0, 1)).rejects.toThrow(moved);
  await expect(client('bob').attach(token)).rejects.toThrow(moved);
});

test.each<
  [Partial<GrantRequest>, (m: import('../src/index.ts').RemoteMemory) => Promise<unknown>, Fault | undefined]
>([
  [{ rights: rights.read }, (m) => m.write(0, Buffer.alloc(1)), 'Protection'],
  [{ rights: rights.read }, (m) => m.fetchAdd64(0, 1n), 'Protection'],
  [{ rights: rights.write }, (m) => m.read(0, 1), 'Protection'],
  [{ rights: rights.read | rights.write }, (m) => m.cas64(0, { expected: 0n, desired: 1n }), 'Protection'],
  [{ rights: rights.atomics }, (m) => m.cas64(0, { expected: 0n, desired: 1n }), undefined],
  [{}, (m) => m.read(16_384, 1), 'Unmapped'],
  [{}, (m) => m.read(16_383, 2), 'Bounds'],
  [{}, (m) => m.write(16_380, Buffer.alloc(5)), 'Bounds'],
  [
    {},
    (m) =>
      m.readv([
        { offset: 0, length: 1 },
        { offset: 99_999, length: 1 },
      ]),
    'Unmapped',
  ],
  [{}, (m) => m.fetchAdd64(4, 1n), 'Unsupported'],
  [{}, (m) => m.cas64(16_380, { expected: 0n, desired: 1n }), 'Bounds'],
  [{ maxBytes: 10 }, (m) => m.read(0, 11), 'Quota'],
  [{ maxBytes: 10 }, async (m) => [await m.read(0, 10), await m.read(0, 0)], undefined],
  [{ maxBytes: 10 }, async (m) => [await m.read(0, 6), await m.read(0, 6)], 'Quota'],
  [{ maxOperations: 2 }, async (m) => [await m.read(0, 1), await m.read(0, 1)], undefined],
  [{ maxOperations: 2 }, async (m) => [await m.read(0, 1), await m.read(0, 1), await m.read(0, 1)], 'Quota'],
])('rights, bounds and quota hold: grant %o [proxy-02]', async (request, access, expected) => {
  const { lend, client } = openHome();
  const memory = await client('bob').attach(lend().grant({ grantee: 'bob', ...request }).token);
  if (expected === undefined) await access(memory);
  else await expect(access(memory)).rejects.toThrow(fault(expected));
});

test('a grant has no right that its region has not, and does not outlast it', async () => {
  const { server } = openHome();
  const region = server.lend({ sizeBytes: 4096, rights: rights.read, expiresMs: Date.now() + 1_000 });
  const { grant } = region.grant({ grantee: 'bob', rights: 7, expiresMs: Number.MAX_SAFE_INTEGER });
  expect([grant.rights, grant.expiresMs]).toEqual([rights.read, region.expiresMs]);
});

test('whoever asks the ledger may refuse an attach, also while a revocation comes in between', async () => {
  const answer = Promise.withResolvers<Fault | undefined>();
  const asked: string[] = [];
  const { server, lend, client } = openHome(
    {},
    {
      authorize(grant, peer) {
        asked.push(`${grant.grantee} ${peer}`);
        return answer.promise;
      },
    },
  );
  const { token, grant } = lend().grant({ grantee: 'bob' });
  const attaching = client('bob').attach(token);
  attaching.catch(() => undefined);
  while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await server.revoke(grant.id);
  answer.resolve(undefined);
  await expect(attaching).rejects.toThrow(fault('Revoked'));
  expect(asked).toEqual(['bob bob']);
  const strict = openHome({}, { authorize: () => 'Protection' });
  await expect(strict.client('bob').attach(strict.lend().grant({ grantee: 'bob' }).token)).rejects.toThrow(
    fault('Protection'),
  );
});

test('neither keys nor tokens are in a log line or an error [proxy-04]', async () => {
  const lines: string[] = [];
  const keep = (event: string, fields?: LogFields) => void lines.push(JSON.stringify([event, fields]));
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  const { server, lend, client } = openHome({}, { log });
  const { token, grant } = lend().grant({ grantee: 'bob' });
  const secret = tokenParts(token).key;
  const errors: unknown[] = [];
  const note = (error: unknown) => errors.push(error);
  await client('eve').attach(token).catch(note);
  await client('bob')
    .attach(encodeCanonical({ ...tokenParts(token), key: new Uint8Array(16) }))
    .catch(note);
  await server.revoke(grant.id);
  await client('bob').attach(token).catch(note);
  expect([errors.length, lines.length]).toEqual([3, 3]);
  const all =
    lines.join() +
    errors.map((error) => `${error} ${JSON.stringify(error)} ${(error as Error).stack}`).join();
  for (const form of ['hex', 'base64', 'base64url'] as const) {
    expect(all).not.toContain(Buffer.from(secret).toString(form));
    expect(all).not.toContain(Buffer.from(token).toString(form).slice(0, 40));
  }
});
