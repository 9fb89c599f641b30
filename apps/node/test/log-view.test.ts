import { existsSync } from 'node:fs';
import { utf8 } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { formatVerifierKey } from '@hypermesh/trustchain/log';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalTransparency, openTransparency } from '../src/adapters/transparency.ts';
import { makeFolder } from '../src/data-directory.ts';
import type { LogPage, LogSource } from '../src/mesh/transparency.ts';
import { openVerifiedLog } from '../src/trust/log-view.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const cleanup = new AsyncDisposableStack();
const directory = cleanup.use(temporaryDirectory());
makeFolder(directory.path);
const key = generateKey();
const origin = 'hypermesh.online/log';
const verifierKey = formatVerifierKey(origin, createSigner(key.secretKey).publicKey);
let folders = 0;
let log: LocalTransparency;
let path: string;

afterAll(() => cleanup.disposeAsync());

const openLog = async (entries: readonly string[]) => {
  const opened = cleanup.use(await openTransparency(`${directory.path}/log-${folders++}`, origin, key));
  for (const entry of entries) await opened.append(utf8(entry));
  return opened;
};
beforeEach(async () => {
  log = await openLog(['one', 'two', 'three']);
  path = `${directory.path}/view-${folders}`;
});

function view(source: LogSource, splits: string[] = []) {
  return openVerifiedLog({ source, verifierKey, path, onSplit: (reason) => splits.push(reason) });
}
const altered = (change: (page: LogPage) => LogPage): LogSource => ({
  read: async (query, signal) => change(await log.read(query, signal)),
});

describe('the log as a node believes it', () => {
  it('is read in pages, each entry shown to be in it, and remembered', async () => {
    const page = await view(log).read({ count: 2 });
    expect(page.entries.map(({ index, kind }) => [index, kind])).toEqual([
      [2, 'other'],
      [1, 'other'],
    ]);
    expect((await view(log).read({ count: 9, before: 1 })).entries.map(({ index }) => index)).toEqual([0]);
    expect(existsSync(path)).toBe(true);
  });

  it('shows that it grew out of an older checkpoint, and refuses one that it never signed', async () => {
    const older = await view(log).read({ count: 1 });
    await log.append(utf8('four'));
    const newer = await view(log).read({ count: 1, since: older.checkpoint });
    expect(newer.consistency).toMatchObject({ from: 3, size: 4 });
    const other = await openLog(['one', 'two', 'another three']);
    const foreign = await other.read({ count: 0 });
    const told = await failureOf(() => view(log).read({ count: 1, since: foreign.checkpoint }));
    expect(told).toMatchObject({ code: 'node/refused' });
    const forged = await failureOf(() => view(log).read({ count: 1, since: 'hypermesh.online/log\n9\n' }));
    expect(forged).toMatchObject({ code: 'node/bad-flag', flag: 'since' });
  });

  it.each<[string, (page: LogPage) => LogPage]>([
    [
      'an entry that is not in it',
      (page) => ({ ...page, entries: page.entries.map((e) => ({ ...e, entry: utf8('x') })) }),
    ],
    [
      'an entry at another place',
      (page) => ({ ...page, entries: page.entries.map((e) => ({ ...e, index: 0 })) }),
    ],
    [
      'a checkpoint that nobody signed',
      (page) => ({ ...page, checkpoint: page.checkpoint.replace('\n3\n', '\n4\n') }),
    ],
  ])('is not believed with %s', async (_, change) => {
    const failure = await failureOf(() => view(altered(change)).read({ count: 1 }));
    expect(failure).toMatchObject({ code: 'node/refused', by: "the mesh's log" });
  });

  it('is not believed once it was rewritten, also not after a restart of who reads it', async () => {
    await view(log).read({ count: 1 });
    const splits: string[] = [];
    const rewritten = await openLog(['one', 'two', 'another three']);
    const failure = await failureOf(() => view(rewritten, splits).read({ count: 1 }));
    expect(failure).toMatchObject({ code: 'node/refused' });
    expect(splits.length).toBeGreaterThan(0);
    const longer = await openLog(['one', 'two', 'another three', 'four']);
    expect(await failureOf(() => view(longer).read({ count: 1 }))).toMatchObject({ code: 'node/refused' });
    expect((await view(log).read({ count: 1 })).size).toBe(3);
  });

  it('that shows less than before does not take back what was believed', async () => {
    await log.append(utf8('four'));
    await view(log).read({ count: 1 });
    const shorter = await openLog(['one', 'two', 'three']);
    const source: LogSource = {
      // It shows an old head, and what proves it to be the beginning of the newer one.
      read: async (query, signal) =>
        query.from === undefined ? shorter.read(query, signal) : log.read(query, signal),
    };
    expect((await view(source).read({ count: 1 })).size).toBe(3);
    const again = await view(log).read({ count: 1 });
    expect(again.size).toBe(4);
  });
});
