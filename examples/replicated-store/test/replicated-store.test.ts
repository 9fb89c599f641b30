import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { verifyFinality } from '@hypermesh/consensus/light';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReplicas } from '../src/replicas.ts';
import { createStore, encodeWrite } from '../src/store.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replicated-store-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('runs as its README says', async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const flags = ['--conditions=@hypermesh/source', main];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  expect(stdout).toContain('read at replica 3: hello\n');
  expect(stdout).toContain('still written: hello from three of four\n');
  expect(stdout).toContain('what it missed: hello from three of four\n');
  expect(stdout).toMatch(/block \d+ [0-9a-f]{64}, proof holds: true/);
}, 60_000);

it('keeps every write on every replica, in one order, whoever wrote it', async () => {
  const { genesis, start } = createReplicas(folder);
  const replicas = await Promise.all([start(0), start(1), start(2), start(3)]);
  try {
    const writes = Array.from({ length: 20 }, (_, at) =>
      replicas[at % 4]?.set(`key${at % 5}`, `value ${at}`),
    );
    const receipts = await Promise.all(writes);
    const last = Math.max(...receipts.map((receipt) => receipt?.proof.header.height ?? 0));
    await Promise.all(replicas.map((replica) => replica.reached(last)));
    for (let at = 0; at < 5; at += 1) {
      const values = new Set(replicas.map((replica) => replica.get(`key${at}`)));
      expect(values.size, `key${at}`).toBe(1);
    }
    const [receipt] = receipts;
    if (receipt === undefined) throw new Error('no receipt');
    expect(verifyFinality(receipt.proof, genesis, { tx: receipt.tx }).ok).toBe(true);
    const other = encodeWrite('key0', 'never written', 'replica-0', 1);
    expect(verifyFinality(receipt.proof, genesis, { tx: other })).toMatchObject({
      ok: false,
      reason: 'other-tx',
    });
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }
}, 60_000);

it('lets nothing into a block that is no write', async () => {
  const store = createStore();
  const before = store.stateRoot();
  for (const tx of [new Uint8Array(), Uint8Array.of(1, 2, 3), new Uint8Array(70_000)]) {
    expect(store.recheckTx(tx, {} as never).ok).toBe(false);
  }
  expect(store.stateRoot()).toEqual(before);
});
