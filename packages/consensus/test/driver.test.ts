import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { expect, test } from 'vitest';
import { createMemoryStorage, createValidator, type ValidatorOptions } from '../src/index.ts';
import { verifyFinality } from '../src/light/index.ts';
import { openFileStorage } from '../src/storage/index.ts';
import { CHAIN, createMesh, until } from './support/mesh.ts';

const names = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `tx ${from + i}`);

test.each([1, 4, 7])(
  '%i validators finalize what is submitted to any of them, each once and in one order',
  async (n) => {
    await using mesh = createMesh(n);
    await mesh.start();
    const texts = names(0, 40);
    const receipts = await Promise.all(texts.map((text, i) => mesh.members[i % n]?.node.submit(utf8(text))));
    for (const [i, receipt] of receipts.entries()) {
      const trust = { chain: CHAIN, validators: mesh.genesis.validators };
      expect(receipt?.result).toEqual({ code: 'ok' });
      expect(receipt && verifyFinality(receipt.proof, trust, { tx: utf8(texts[i] as string) }).ok).toBe(true);
    }
    await until(() => mesh.members.every(({ app }) => app.applied.length === 40));
    for (const { app } of mesh.members) expect(app.applied).toEqual(mesh.members[0]?.app.applied);
    expect(new Set(mesh.members[0]?.app.applied)).toEqual(new Set(texts));
  },
);

test('a transaction is checked once by each validator, however often it is seen', async () => {
  await using mesh = createMesh(4);
  await mesh.start();
  await Promise.all(mesh.members.map(({ node }) => node.submit(utf8('once'))));
  await mesh.members[2]?.node.submit(utf8('once'));
  await until(() => mesh.members.every(({ app }) => app.applied.length === 1));
  for (const { app } of mesh.members) expect(app.checks.get('once')).toBe(1);
});

test('a transaction that the application refuses is refused with its reason', async () => {
  await using mesh = createMesh(4);
  await mesh.start();
  await expect(mesh.members[0]?.node.submit(utf8('bad one'))).rejects.toMatchObject({
    failure: { code: 'consensus/tx-refused', reason: 'bad' },
  });
  await expect(mesh.members[0]?.node.submit(new Uint8Array(200_000))).rejects.toMatchObject({
    failure: { code: 'consensus/tx-too-large', sizeBytes: 200_000 },
  });
});

test('an idle mesh sends nothing and starts no view until the heartbeat', async () => {
  await using mesh = createMesh(4, { heartbeatMs: 60_000 });
  await mesh.start();
  await mesh.members[0]?.node.submit(utf8('one'));
  const viewsNow = () => mesh.members.map(({ node }) => node.status().view);
  await until(() => mesh.members.every(({ node }) => node.status().appliedHeight === 2));
  // On a busy machine the last certificate may still be on its way to one of them.
  await until(() => new Set(viewsNow()).size === 1);
  const views = viewsNow();
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(viewsNow()).toEqual(views);
});

test('an aborted wait ends with the reason of the signal', async () => {
  await using mesh = createMesh(4);
  const controller = new AbortController();
  await mesh.members[0]?.node.start();
  const waiting = mesh.members[0]?.node.submit(utf8('alone'), { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});

test('with one of four away the rest goes on, and it catches up when it comes back', async () => {
  const storages = Array.from({ length: 4 }, createMemoryStorage);
  await using mesh = createMesh(4, {}, storages);
  await mesh.start();
  await mesh.members[0]?.node.submit(utf8('before'));
  await mesh.members[3]?.node.stop();
  for (const text of names(0, 30)) await mesh.members[1]?.node.submit(utf8(text));
  const back = mesh.make(3, storages[3] as (typeof storages)[number]);
  await back.node.start();
  await until(() => back.app.applied.length === 31);
  expect(back.app.applied).toEqual(mesh.members[0]?.app.applied);
  await back.node.submit(utf8('after'));
  await back.node.stop();
});

test('followers see every final block once and in order, from storage and then live', async () => {
  await using mesh = createMesh(4);
  await mesh.start();
  for (const text of names(0, 5)) await mesh.members[0]?.node.submit(utf8(text));
  const seen: number[] = [];
  const texts: string[] = [];
  const follow = (async () => {
    for await (const { header, txs } of mesh.members[1]?.node.finalized({ from: 1 }) ?? []) {
      seen.push(header.height);
      texts.push(...txs.map((tx) => new TextDecoder().decode(tx)));
      if (texts.includes('tx 9')) return;
    }
  })();
  for (const text of names(5, 5)) await mesh.members[2]?.node.submit(utf8(text));
  await follow;
  expect(seen).toEqual(seen.map((_, i) => i + 1));
  expect(texts).toEqual(names(0, 10));
});

test('validators on files go on where they stood after all of them stopped', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hypermesh-'));
  try {
    const open = () => Promise.all([0, 1, 2, 3].map((i) => openFileStorage(join(dir, `${i}`))));
    for (let round = 0; round < 3; round += 1) {
      const storages = await open();
      const mesh = createMesh(4, { maxLogBytes: 8_192 }, storages);
      await mesh.start();
      for (const text of names(round * 10, 10)) await mesh.members[round]?.node.submit(utf8(text));
      const list = mesh.members[round]?.app.applied;
      expect(list).toEqual(names(0, (round + 1) * 10));
      await mesh.stop();
      await Promise.all(storages.map((storage) => storage[Symbol.asyncDispose]()));
    }
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('after a lost log a validator follows in silence, and votes again once a finalization lies beyond its guard', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'hypermesh-lost-'));
  try {
    const storage = await openFileStorage(dir);
    const storages = [createMemoryStorage(), createMemoryStorage(), createMemoryStorage(), storage];
    await using mesh = createMesh(4, {}, storages);
    await mesh.start();
    for (const text of names(0, 6)) await mesh.members[3]?.node.submit(utf8(text));
    await mesh.members[3]?.node.stop();
    await storage[Symbol.asyncDispose]();
    await rm(join(dir, 'log-1.wal'));

    await using found = await openFileStorage(dir);
    const back = mesh.make(3, found);
    await back.node.start();
    const { mutedUntilView, view } = back.node.status();
    expect(mutedUntilView).toBeGreaterThan(view);
    await mesh.members[0]?.node.submit(utf8('meanwhile'));
    await until(() => back.app.applied.includes('meanwhile'));
    expect(back.node.status().mutedUntilView).toBe(mutedUntilView);
    for (let i = 0; back.node.status().mutedUntilView !== undefined; i += 1) {
      await mesh.members[i % 3]?.node.submit(utf8(`onward ${i}`));
    }
    await mesh.members[2]?.node.stop();
    await mesh.members[0]?.node.submit(utf8('with its vote'));
    await back.node.stop();
  } finally {
    await rm(dir, { recursive: true });
  }
});

test('options that cannot be used are named', () => {
  const mesh = createMesh(4);
  const ports = {
    app: mesh.members[0]?.app as never,
    transport: mesh.hub.transport(0),
    storage: createMemoryStorage(),
    clock: systemClock,
  };
  const secretKey = mesh.keys[0]?.secretKey as Uint8Array;
  const { genesis } = mesh;
  const [first] = genesis.validators;
  const cases: [string, ValidatorOptions][] = [
    ['secretKey', { genesis, secretKey: new Uint8Array(32).fill(9) }],
    ['genesis.chain', { genesis: { ...genesis, chain: 'xyz' as never }, secretKey }],
    ['genesis.timeMs', { genesis: { ...genesis, timeMs: -1 }, secretKey }],
    ['genesis.stateRoot', { genesis: { ...genesis, stateRoot: new Uint8Array(3) }, secretKey }],
    ['genesis.validators', { genesis: { ...genesis, validators: [] }, secretKey }],
    [
      'genesis.validators',
      { genesis: { ...genesis, validators: [first as never, first as never] }, secretKey },
    ],
    ['retryMs', { genesis, secretKey, retryMs: Number.NaN }],
    ['minBlockIntervalMs', { genesis, secretKey, minBlockIntervalMs: -5 }],
    ['maxBlockBytes', { genesis, secretKey, maxBlockBytes: 10, maxTxBytes: 100 }],
  ];
  for (const [field, options] of cases) {
    expect(() => createValidator(options, ports), field).toThrow(
      expect.objectContaining({ failure: { code: 'consensus/bad-options', field } }),
    );
  }
});

test('an application that does not start from the genesis, or answers wrongly, stops the validator and is named', async () => {
  await using mesh = createMesh(1);
  const [member] = mesh.members;
  if (member === undefined) throw new Error('one validator');
  const app = { ...member.app, stateRoot: () => new Uint8Array(32) };
  const other = createValidator(
    { genesis: mesh.genesis, secretKey: mesh.keys[0]?.secretKey as Uint8Array },
    { app, transport: mesh.hub.transport(0), storage: createMemoryStorage(), clock: systemClock },
  );
  await expect(other.start()).rejects.toMatchObject({
    failure: { code: 'consensus/app-mismatch', height: 0 },
  });
  const wrong = createValidator(
    { genesis: mesh.genesis, secretKey: mesh.keys[0]?.secretKey as Uint8Array },
    {
      app: { ...member.app, apply: async () => ({ stateRoot: new Uint8Array(3), results: [] }) },
      transport: mesh.hub.transport(0),
      storage: createMemoryStorage(),
      clock: systemClock,
    },
  );
  await wrong.start();
  await expect(wrong.submit(utf8('x'))).rejects.toMatchObject({ failure: { code: 'consensus/stopped' } });
  expect(wrong.status().failure).toContain('application');
});
