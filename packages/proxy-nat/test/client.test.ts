import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createSeededRandom } from '@hypermesh/core/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRequests } from '../src/client/plan.ts';
import { type Channel, createMemoryClient, maxRanges } from '../src/index.ts';
import { createMemoryLink } from '../src/testing/index.ts';
import { maxDataBytes, operations } from '../src/wire/layout.ts';
import { decodeRequests } from '../src/wire/requests.ts';
import { openHome } from './support.ts';

/** A client whose frames are seen, and whose link can be cut. */
function watched(server: ReturnType<typeof openHome>['server'], patience = {}) {
  const frames: ReturnType<typeof decodeRequests>[] = [];
  const links: ReturnType<typeof createMemoryLink>[] = [];
  const client = createMemoryClient(
    {
      clock: systemClock,
      random: systemRandom,
      connect: async () => {
        const link = createMemoryLink();
        links.push(link);
        server.serve(link.home, 'bob');
        const send: Channel['send'] = (frame) => {
          frames.push(decodeRequests(frame));
          return link.client.send(frame);
        };
        return { ...link.client, send };
      },
    },
    patience,
  );
  return { client, frames, links };
}

test('accesses of one turn share frames of up to 64 ranges, and come back each to its caller', async () => {
  const { server, lend } = openHome();
  const { client, frames } = watched(server);
  const memory = await client.attach(lend(2 ** 19).grant({ grantee: 'bob' }).token);
  frames.length = 0;
  await Promise.all(Array.from({ length: 128 }, (_, n) => memory.write(n * 4096, Buffer.alloc(16, n))));
  const pages = await Promise.all(Array.from({ length: 128 }, (_, n) => memory.read(n * 4096, 16)));
  for (const [n, page] of pages.entries()) expect([...page]).toEqual(new Array(16).fill(n));
  expect(frames.length).toBe(4);
  client.close();
});

test('vectored accesses of any size are split at pages and within the bounds of a frame, and give back what was written', async () => {
  const { server, lend } = openHome({ arena: 2 ** 23 });
  const { client } = watched(server);
  const memory = await client.attach(lend(2 ** 22).grant({ grantee: 'bob' }).token);
  const random = createSeededRandom('vectors');
  const whole = random.bytes(3_000_001);
  await memory.write(777, whole);
  expect(Buffer.compare(await memory.read(777, whole.length), whole)).toBe(0);
  const parts = Array.from({ length: 300 }, (_, n) => ({ offset: n * 8192, bytes: random.bytes(n * 7) }));
  await memory.writev(parts);
  const back = await memory.readv(parts.map(({ offset, bytes }) => ({ offset, length: bytes.length })));
  for (const [n, { bytes }] of parts.entries())
    expect(Buffer.compare(back[n] ?? Buffer.alloc(1), bytes)).toBe(0);
  expect(await memory.readv([])).toEqual([]);
  client.close();
});

test('a plan names every byte once and in order, keeps pages whole and stays within the bounds of a request', () => {
  const range = fc.record({ offset: fc.nat(1e7), length: fc.oneof(fc.nat(5000), fc.nat(4_000_000)) });
  fc.assert(
    fc.property(fc.array(range, { maxLength: 150 }), (ranges) => {
      const plan = planRequests(ranges);
      const joined: { offset: number; length: number }[] = [];
      for (const request of plan) {
        expect(request.length).toBeLessThanOrEqual(maxRanges);
        expect(request.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(maxDataBytes);
        joined.push(...request);
      }
      let at = 0;
      for (const { offset, length } of ranges) {
        let done = 0;
        do {
          const part = joined[at++];
          expect(part?.offset).toBe(offset + done);
          done += part?.length ?? 1e9;
          if (done < length) expect((offset + done) % 4096).toBe(0);
        } while (done < length);
        expect(done).toBe(length);
      }
      expect(at).toBe(joined.length);
    }),
    { numRuns: 60 },
  );
});

test('after a cut the client attaches again and what was applied is not applied twice', async () => {
  const { server, lend } = openHome();
  const { client, links } = watched(server, { pauseMs: 1 });
  const memory = await client.attach(lend().grant({ grantee: 'bob' }).token);
  const seen: bigint[] = [];
  for (let round = 0; round < 50; round += 1) {
    const adding = memory.fetchAdd64(0, 1n);
    if (round % 3 === 0)
      queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => links.at(-1)?.cut())));
    seen.push(await adding);
  }
  expect(seen).toEqual(Array.from({ length: 50 }, (_, n) => BigInt(n)));
  expect(links.length).toBeGreaterThan(5);
  client.close();
}, 60_000);

test('atomics count modulo 2^64, little-endian, and a comparison that fails changes nothing', async () => {
  const { server, lend } = openHome();
  const { client } = watched(server);
  const memory = await client.attach(lend().grant({ grantee: 'bob' }).token);
  expect(await memory.fetchAdd64(8, -1n)).toBe(0n);
  expect(await memory.fetchAdd64(8, 2n)).toBe(2n ** 64n - 1n);
  expect(await memory.cas64(8, { expected: 1n, desired: 0x1122334455667788n })).toEqual({
    isSwapped: true,
    before: 1n,
  });
  expect(await memory.cas64(8, { expected: 1n, desired: 5n })).toEqual({
    isSwapped: false,
    before: 0x1122334455667788n,
  });
  expect(Buffer.from(await memory.read(8, 8)).toString('hex')).toBe('8877665544332211');
  client.close();
});

test('nothing asked after a fence leaves before everything asked earlier is answered', async () => {
  const { server, lend } = openHome();
  const { client, frames } = watched(server);
  const memory = await client.attach(lend().grant({ grantee: 'bob' }).token);
  frames.length = 0;
  const order: string[] = [];
  const note = (name: string) => (): void => void order.push(name);
  const all = [
    memory.write(0, Buffer.from('a')).then(note('before')),
    memory.fence().then(note('fence')),
    memory.write(0, Buffer.from('b')).then(note('after')),
  ];
  await Promise.all(all);
  expect(order.at(-1)).toBe('after');
  expect(frames.length).toBe(2);
  await memory.fence();
  client.close();
});

test('an access can be given up, and a client that is closed fails what waits and takes no more', async () => {
  const { server, lend } = openHome();
  const { client } = watched(server);
  const memory = await client.attach(lend().grant({ grantee: 'bob' }).token);
  const giveUp = new AbortController();
  const reading = memory.read(0, 1, { signal: giveUp.signal });
  giveUp.abort();
  await expect(reading).rejects.toMatchObject({ code: 'proxy-nat/cancelled' });
  expect((await memory.read(0, 1)).length).toBe(1);
  const waiting = memory.write(0, Buffer.alloc(1));
  client.close();
  await expect(waiting).rejects.toMatchObject({ failure: { fault: 'Unreachable' } });
  await expect(memory.read(0, 1)).rejects.toMatchObject({ code: 'proxy-nat/closed' });
});

test('a home that cannot be reached is Unreachable after the deadline, for attaches and for accesses', async () => {
  const { server, lend } = openHome();
  const { token } = lend().grant({ grantee: 'bob' });
  let isUp = true;
  const links: ReturnType<typeof createMemoryLink>[] = [];
  const client = createMemoryClient(
    {
      clock: systemClock,
      random: systemRandom,
      connect: async () => {
        if (!isUp) throw new Error('no route');
        const link = createMemoryLink();
        links.push(link);
        server.serve(link.home, 'bob');
        return link.client;
      },
    },
    { deadlineMs: 120, resendMs: 40, pauseMs: 5 },
  );
  const memory = await client.attach(token);
  isUp = false;
  for (const link of links) link.cut();
  await expect(memory.read(0, 1)).rejects.toMatchObject({
    failure: { fault: 'Unreachable', isApplied: 'no' },
  });
  await expect(client.attach(token)).rejects.toMatchObject({ failure: { fault: 'Unreachable' } });
  isUp = true;
  expect((await memory.read(0, 1)).length).toBe(1);
  client.close();
});

test.each([
  { offset: -1, length: 1 },
  { offset: 0.5, length: 1 },
  { offset: 0, length: -1 },
  { offset: 2 ** 50, length: 1 },
  { offset: 0, length: Number.NaN },
])('the range %o is refused before anything is sent', async (range) => {
  const { server, lend } = openHome();
  const { client, frames } = watched(server);
  const memory = await client.attach(lend().grant({ grantee: 'bob' }).token);
  frames.length = 0;
  await expect(memory.readv([range])).rejects.toMatchObject({ code: 'proxy-nat/bad-argument' });
  expect(frames.length).toBe(0);
  client.close();
});

test('a client that has lost its place at the home learns that the outcome of what it sent is unknown', async () => {
  const { server, lend } = openHome({ limits: { sessionsPerGrant: 1 } });
  const { token } = lend().grant({ grantee: 'bob' });
  const first = watched(server, { pauseMs: 1 });
  const memory = await first.client.attach(token);
  for (const link of first.links) link.cut();
  const second = watched(server);
  await second.client.attach(token);
  await expect(memory.fetchAdd64(0, 1n)).rejects.toMatchObject({ failure: { fault: 'StaleGeneration' } });
  expect(
    first.frames.some(
      (frame) => frame.ok && frame.requests.some(({ operation }) => operation === operations.attach),
    ),
  ).toBe(true);
  second.client.close();
});
