import { createManualClock } from '@hypermesh/core/testing';
import {
  type Authenticator,
  createStoq,
  generatePinnedKey,
  type Peer,
  pinnedId,
  pinnedKeys,
} from '@hypermesh/stoq';
import { authenticatorCompliance } from '@hypermesh/stoq/testing';
import { describe, expect, it } from 'vitest';
import {
  alice,
  aliceKey,
  bob,
  bobKey,
  failureOf,
  malloryKey,
  memoryPair,
  quicPair,
  seeds,
  text,
} from './support.ts';

const HYBRID = { kem: 'X25519+ML-KEM-768', sig: 'Ed25519+ML-DSA-65', aead: 'AES-256-GCM', pq: true };

describe('a session', () => {
  it('over QUIC says what protects it, alike on both ends [stoq-x01]', async () => {
    await using pair = await quicPair();
    const arrived = new Promise<unknown>((resolve) => pair.listener.onPeer(resolve));
    const peer = await pair.connect();
    expect(peer.security).toEqual({ carrier: 'quic', ...HYBRID });
    expect(peer.id).toBe(pinnedId(bobKey.publicKey));
    expect(await arrived).toMatchObject({
      id: pinnedId(aliceKey.publicKey),
      security: { carrier: 'quic', ...HYBRID },
      sessionId: peer.sessionId,
      direction: 'inbound',
    });
  });

  it('is a different one each time', async () => {
    await using pair = await memoryPair();
    const [first, second] = [await pair.connect(), await pair.connect()];
    expect(first.sessionId).toMatch(/^[0-9a-f]{64}$/);
    expect(first.sessionId).not.toBe(second.sessionId);
    expect(pair.dialer.peers).toHaveLength(2);
  });

  it('counts what it moves: what one end sent is what the other has received', async () => {
    await using pair = await memoryPair();
    const arrived = new Promise<Peer>((resolve) => pair.listener.onPeer(resolve));
    pair.listener.handle('echo/1', async (body) => body);
    const peer = await pair.connect();
    const other = await arrived;
    expect(peer.traffic()).toEqual({ bytesIn: 0, bytesOut: 0 });
    const body = new Uint8Array(100_000);
    expect(await peer.request('echo/1', body)).toMatchObject({ ok: true });
    const { bytesIn, bytesOut } = peer.traffic();
    expect(other.traffic()).toEqual({ bytesIn: bytesOut, bytesOut: bytesIn });
    for (const bytes of [bytesIn, bytesOut]) {
      expect(bytes).toBeGreaterThan(body.length);
      expect(bytes).toBeLessThan(body.length + 500);
    }
  });

  it('is refused to a key that is not pinned, by name on both ends', async () => {
    await using pair = await memoryPair({
      dialer: { auth: pinnedKeys({ self: malloryKey, allow: [bobKey.publicKey] }) },
    });
    expect(await failureOf(pair.connect())).toMatchObject({
      code: 'stoq/refused',
      reason: 'unauthenticated',
    });
    expect(pair.events).toContainEqual({
      type: 'handshake-refused',
      address: 'memory://dialer-1',
      by: 'us',
      reason: 'unauthenticated',
      detail: 'unknown-key',
    });
  });

  it('is refused by a dialer that does not know the listener', async () => {
    await using pair = await memoryPair({ dialer: { auth: pinnedKeys({ self: aliceKey, allow: [] }) } });
    expect(await failureOf(pair.connect())).toMatchObject({
      code: 'stoq/handshake-failed',
      reason: 'unauthenticated',
      detail: 'unknown-key',
    });
  });

  it('is given up when another peer answers than the one expected', async () => {
    await using pair = await memoryPair();
    const dial = pair.dialer.connect(pair.address, { expect: pinnedId(malloryKey.publicKey) });
    expect(await failureOf(dial)).toMatchObject({ code: 'stoq/handshake-failed', reason: 'unexpected-peer' });
    const peer = await pair.dialer.connect(pair.address, { expect: pinnedId(bobKey.publicKey) });
    expect(peer.id).toBe(pinnedId(bobKey.publicKey));
  });

  it('carries chains of 32 KiB and signatures of 8 KiB, and no larger ones [stoq-10]', async () => {
    const large = (inner: Authenticator, chainBytes: number, signatureBytes: number): Authenticator => ({
      certificate: async () => [...(await inner.certificate()), Buffer.alloc(chainBytes - 1984, 1)],
      sign: async (transcript, role) => {
        const signature = await inner.sign(transcript, role);
        return Buffer.concat([signature, Buffer.alloc(signatureBytes - signature.length, 2)]);
      },
      verify: (chain, transcript, signature) =>
        inner.verify(chain.slice(0, 1), transcript, signature.subarray(0, 64 + 3309)),
    });
    const attempt = async (chainBytes: number, signatureBytes: number) => {
      await using pair = await quicPair({
        listener: { auth: large(bob, 32_768, 8_192) },
        dialer: { auth: large(alice, chainBytes, signatureBytes) },
      });
      return await pair.connect().then(
        (peer) => peer.security.sig,
        (error) => error.failure.reason,
      );
    };
    expect(await attempt(32_768, 8_192)).toBe('Ed25519+ML-DSA-65');
    expect(await attempt(32_769, 8_192)).toBe('bad-auth');
    expect(await attempt(32_768, 8_193)).toBe('bad-auth');
  });

  it('signs, with ML-DSA-65, a transcript that takes in the carrier binding and the role [stoq-10]', async () => {
    const signed: { role: string; transcript: string }[] = [];
    const spy = (inner: Authenticator): Authenticator => ({
      ...inner,
      sign: (transcript, role) => {
        signed.push({ role, transcript: Buffer.from(transcript).toString('latin1') });
        return inner.sign(transcript, role);
      },
    });
    await using pair = await quicPair({ listener: { auth: spy(bob) }, dialer: { auth: spy(alice) } });
    await pair.connect();
    await pair.connect();
    expect(signed.map(({ role }) => role)).toEqual(['listener', 'dialer', 'listener', 'dialer']);
    expect(new Set(signed.map(({ transcript }) => transcript)).size).toBe(4);
    for (const { role, transcript } of signed)
      expect(transcript).toContain(`hypermesh/stoq/${role}-signature/v1`);
    // The planted fault: a signature by the Ed25519 half alone does not pass for both.
    const half: Authenticator = {
      ...alice,
      sign: async (transcript, role) =>
        Buffer.concat([(await alice.sign(transcript, role)).subarray(0, 64), Buffer.alloc(3309)]),
    };
    await using weak = await quicPair({ dialer: { auth: half } });
    expect(await failureOf(weak.connect())).toMatchObject({
      code: 'stoq/refused',
      reason: 'unauthenticated',
    });
  });

  it('with pq required is refused to a classical peer [stoq-x01]', async () => {
    const { dialClassical } = await import('./classical.ts');
    await using strict = await memoryPair();
    expect(await dialClassical(strict)).toBe('pq-required');
    expect(strict.events).toContainEqual(expect.objectContaining({ by: 'us', reason: 'pq-required' }));
    await using lenient = await memoryPair({ listener: { pq: 'prefer' } });
    expect(await dialClassical(lenient)).toBe('accepted');
  });

  it('is hybrid whenever both ends can, also where classical ones are allowed', async () => {
    await using pair = await memoryPair({ listener: { pq: 'prefer' }, dialer: { pq: 'prefer' } });
    expect((await pair.connect()).security.pq).toBe(true);
  });

  it('beyond the limit of connections is refused with the reason, and allowed again after one has ended', async () => {
    await using pair = await memoryPair({ listener: { limits: { connections: 3 } } });
    const peers = [await pair.connect(), await pair.connect(), await pair.connect()];
    expect(await failureOf(pair.connect())).toMatchObject({
      code: 'stoq/refused',
      reason: 'too-many-connections',
    });
    await peers[0]?.close();
    await pair.event((event) => event.type === 'peer-close');
    expect((await pair.connect()).security.pq).toBe(true);
  });

  it('that idles is closed by the clock, and one with an open stream is not', async () => {
    const clock = createManualClock();
    await using pair = await memoryPair({ listener: { clock, limits: { idleMs: 1_000 } } });
    pair.listener.handleStream('hold', () => {});
    const [idle, busy] = [await pair.connect(), await pair.connect()];
    await busy.openStream('hold');
    clock.advance(1_000);
    expect(await idle.closed).toEqual({ by: 'peer', reason: 'idle' });
    expect(pair.listener.peers).toHaveLength(1);
  });

  it('ends when its keys have sealed as much as they may', async () => {
    await using pair = await memoryPair({ dialer: { limits: { sessionBytes: 100_000 } } });
    pair.listener.handle('echo', (body) => body);
    const peer = await pair.connect();
    expect((await peer.request('echo', Buffer.alloc(30_000))).ok).toBe(true);
    expect(await peer.request('echo', Buffer.alloc(60_000))).toEqual({ ok: false, reason: 'closed' });
    expect(await peer.closed).toEqual({ by: 'us', reason: 'key-limit' });
    const closed = await pair.event((event) => event.type === 'peer-close');
    expect(closed).toMatchObject({ reason: { by: 'peer', reason: 'key-limit' } });
  });

  it('takes a rotated certificate from the next handshake on', async () => {
    const next = generatePinnedKey(seeds('bob, rotated'));
    let current = bob;
    const rotating: Authenticator = {
      certificate: () => current.certificate(),
      sign: (transcript, role) => current.sign(transcript, role),
      verify: (chain, transcript, signature) => bob.verify(chain, transcript, signature),
    };
    await using pair = await memoryPair({
      listener: { auth: rotating },
      dialer: { auth: pinnedKeys({ self: aliceKey, allow: [bobKey.publicKey, next.publicKey] }) },
    });
    pair.listener.handle('echo', (body) => body);
    const before = await pair.connect();
    current = pinnedKeys({ self: next, allow: [] });
    const after = await pair.connect();
    expect([before.id, after.id]).toEqual([pinnedId(bobKey.publicKey), pinnedId(next.publicKey)]);
    expect(await before.request('echo', Buffer.from('still'))).toMatchObject({ ok: true });
  });

  it('tells the other end that the node closes', async () => {
    const pair = await memoryPair();
    const peer = await pair.connect();
    await pair.listener.close();
    expect(await peer.closed).toEqual({ by: 'peer', reason: 'node-closing' });
    expect(await failureOf(pair.connect())).toMatchObject({ code: 'stoq/unreachable' });
    await pair.dialer.close();
    expect(await failureOf(pair.connect())).toEqual({ code: 'stoq/closed', what: 'node' });
  });
});

describe('connecting', () => {
  it('can be called off', async () => {
    await using pair = await quicPair({ listener: { auth: { ...bob, sign: () => new Promise(() => {}) } } });
    const controller = new AbortController();
    const dial = pair.dialer.connect(pair.address, { signal: controller.signal });
    controller.abort();
    expect(await failureOf(dial)).toEqual({ code: 'stoq/cancelled' });
  });

  it('is given up after the handshake limit, on both ends', async () => {
    await using pair = await memoryPair({
      listener: { auth: { ...bob, sign: () => new Promise(() => {}) }, limits: { handshakeMs: 60 } },
      dialer: { limits: { handshakeMs: 30 } },
    });
    expect(await failureOf(pair.connect())).toEqual({
      code: 'stoq/handshake-timeout',
      address: pair.address,
      afterMs: 30,
    });
  });

  it('to a port where nothing answers says so within the limit', async () => {
    await using pair = await quicPair({ dialer: { limits: { handshakeMs: 200 } } });
    const dead = await createStoq({ auth: bob, listen: ['quic://[::1]:0'] });
    const address = dead.addresses[0] ?? '';
    await dead.close();
    expect(await failureOf(pair.dialer.connect(address))).toMatchObject({
      code: 'stoq/unreachable',
      address,
    });
  });

  it('by a carrier that the node does not have names the ones that it has', async () => {
    await using pair = await quicPair();
    expect(await failureOf(pair.dialer.connect('tls://[::1]:1'))).toMatchObject({
      code: 'stoq/bad-address',
      expected: 'quic://…',
    });
  });

  it('binds no address when one of several cannot be bound', async () => {
    const first = await createStoq({ auth: bob, listen: ['quic://[::1]:0'] });
    const taken = first.addresses[0] ?? '';
    expect(await failureOf(createStoq({ auth: bob, listen: ['quic://[::1]:0', taken] }))).toMatchObject({
      code: 'stoq/unreachable',
      address: taken,
    });
    await first.close();
  });

  it.each([
    ['connections', -1],
    ['handshakeMs', 1.5],
    ['requestBytes', 10_000_001],
    ['idleMs', Number.NaN],
  ])('a limit of %s = %s is misuse', async (name, value) => {
    expect(await failureOf(createStoq({ auth: bob, limits: { [name]: value } }))).toMatchObject({
      code: 'stoq/bad-argument',
      argument: `limits.${name}`,
    });
  });
});

describe('pinned keys', () => {
  const subject = async () => ({
    one: alice,
    other: bob,
    stranger: pinnedKeys({ self: malloryKey, allow: 'any' }),
  });
  for (const { name, run } of authenticatorCompliance(subject)) it(name, run);

  it('come out the same from the same seeds', () => {
    const [one, same] = [generatePinnedKey(seeds('x')), generatePinnedKey(seeds('x'))];
    expect(text(one.publicKey)).toBe(text(same.publicKey));
    expect(one.publicKey).toHaveLength(1984);
    expect(pinnedId(one.publicKey)).not.toBe(pinnedId(generatePinnedKey().publicKey));
  });

  it('of the wrong length are misuse', () => {
    expect(() => generatePinnedKey(Buffer.alloc(32))).toThrow('64 bytes');
    expect(() => pinnedKeys({ self: { ...aliceKey, publicKey: Buffer.alloc(3) }, allow: 'any' })).toThrow(
      '1984',
    );
  });
});
