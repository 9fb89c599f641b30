import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@hypermesh/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileStorage } from '../src/storage/index.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hypermesh-storage-'));
});
afterEach(() => rm(dir, { recursive: true }));

const texts = (records: readonly Uint8Array[]): string[] =>
  records.map((bytes) => new TextDecoder().decode(bytes));
const logFile = async (at = dir): Promise<string> =>
  join(at, (await readdir(at)).find((name) => name.endsWith('.wal')) as string);

/** Three appends of two records each; answers the file's size after each. */
async function fill(at = dir): Promise<number[]> {
  await using storage = await openFileStorage(at);
  const sizes = [storage.log.sizeBytes];
  for (const name of ['a', 'b', 'c']) {
    await storage.log.append([utf8(`${name}1`), utf8(`${name}2`)]);
    sizes.push(storage.log.sizeBytes);
  }
  return sizes;
}

async function replay(at = dir): Promise<string[]> {
  await using storage = await openFileStorage(at);
  return texts(await storage.log.replay());
}

test('what was appended is there after opening again, in order', async () => {
  await fill();
  expect(await replay()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
});

test('a log cut at any byte opens with the appends that are whole, and goes on from there', async () => {
  const sizes = await fill();
  const file = await logFile();
  const [, a = 0, b = 0, c = 0] = sizes;
  for (let size = a; size < c; size += 1) {
    const at = join(dir, `cut-${size}`);
    await mkdir(at);
    await copyFile(file, join(at, 'log-1.wal'));
    await copyFile(join(dir, 'guard'), join(at, 'guard'));
    await truncate(join(at, 'log-1.wal'), size);
    {
      await using storage = await openFileStorage(at);
      await storage.log.append([utf8('new')]);
    }
    const whole = size < b ? ['a1', 'a2'] : ['a1', 'a2', 'b1', 'b2'];
    expect(await replay(at), `cut at ${size}`).toEqual([...whole, 'new']);
  }
});

test('a byte changed anywhere before the last append is refused, naming file and offset', async () => {
  const [start = 0, a = 0, b = 0] = await fill();
  const file = await logFile();
  const good = await readFile(file);
  for (let at = start; at < b; at += 3) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] as number) ^ 0x41;
    await writeFile(file, bad);
    await expect(replay(), `byte ${at}`).rejects.toMatchObject({
      failure: { code: 'consensus/storage-corrupt', file, offset: at < a ? start : a },
    });
  }
  await writeFile(file, good);
  expect(await replay()).toHaveLength(6);
});

test('a file that is no log, and a log of another storage, are refused', async () => {
  await fill();
  const file = await logFile();
  const other = join(dir, 'other');
  await fill(other);
  await copyFile(await logFile(other), file);
  await expect(replay()).rejects.toMatchObject({ failure: { code: 'consensus/storage-corrupt', offset: 8 } });
  await writeFile(file, 'something else altogether, long enough');
  await expect(replay()).rejects.toMatchObject({ failure: { code: 'consensus/storage-corrupt', offset: 0 } });
});

test('replacing the log leaves the new records alone, whatever a crash left beside it', async () => {
  await fill();
  {
    await using storage = await openFileStorage(dir);
    await storage.log.replay();
    await storage.log.replace([utf8('only')]);
    await storage.log.append([utf8('next')]);
  }
  await writeFile(join(dir, 'log-1.wal'), 'an older one that was not removed');
  await writeFile(join(dir, 'log-3.wal.next'), 'a newer one that was not finished');
  expect(await replay()).toEqual(['only', 'next']);
});

test('a lost log is found by the guard, and that is remembered', async () => {
  {
    await using storage = await openFileStorage(dir);
    await storage.guard.raise(77);
    await storage.log.append([utf8('x')]);
    expect(storage.guard.mutedUntil).toBe(0);
  }
  await rm(await logFile());
  for (let round = 0; round < 2; round += 1) {
    await using storage = await openFileStorage(dir);
    expect(storage.guard).toMatchObject({ view: 77, mutedUntil: 77 });
    expect(await storage.log.replay()).toEqual([]);
  }
});

test('a damaged guard is refused', async () => {
  await fill();
  const file = join(dir, 'guard');
  const bytes = await readFile(file);
  bytes[20] = (bytes[20] as number) ^ 1;
  await writeFile(file, bytes);
  await expect(replay()).rejects.toMatchObject({ failure: { code: 'consensus/storage-corrupt', file } });
});

test('a storage without its guard is refused, each time: what was signed is unknown', async () => {
  {
    await using storage = await openFileStorage(dir);
    await storage.blocks.append([utf8('block 1')]);
    await storage.blocks.sync();
  }
  const file = join(dir, 'guard');
  await rm(file);
  for (const gone of [undefined, await logFile()]) {
    if (gone !== undefined) await rm(gone);
    for (let round = 0; round < 2; round += 1) {
      await expect(replay()).rejects.toMatchObject({ failure: { code: 'consensus/storage-corrupt', file } });
    }
  }
});

test('blocks are read by height; a torn tail above the synced ones is dropped, damage below is refused', async () => {
  const file = join(dir, 'blocks.dat');
  {
    await using storage = await openFileStorage(dir);
    await storage.blocks.append([utf8('one'), utf8('two')]);
    await storage.blocks.sync();
    await storage.blocks.append([utf8('three'), utf8('four')]);
    expect(storage.blocks.height).toBe(4);
    expect(texts([(await storage.blocks.read(3)) as Uint8Array])).toEqual(['three']);
    expect(await storage.blocks.read(5)).toBeUndefined();
  }
  const good = await readFile(file);
  const torn = Buffer.from(good);
  torn[torn.indexOf('three')] = 0;
  await writeFile(file, torn);
  {
    await using storage = await openFileStorage(dir);
    expect(storage.blocks.height).toBe(2);
    await storage.blocks.append([utf8('drei')]);
    expect(texts([(await storage.blocks.read(3)) as Uint8Array])).toEqual(['drei']);
  }
  const damaged = Buffer.from(good);
  damaged[damaged.indexOf('one')] = 0;
  await writeFile(file, damaged);
  await expect(replay()).rejects.toMatchObject({ failure: { code: 'consensus/storage-corrupt', file } });
  await writeFile(file, good.subarray(0, 30));
  await expect(replay()).rejects.toMatchObject({ failure: { code: 'consensus/storage-corrupt', file } });
});

test('a directory has one owner; the lock of a process that is gone is taken over', async () => {
  {
    await using storage = await openFileStorage(dir);
    await expect(openFileStorage(dir)).rejects.toMatchObject({
      failure: { code: 'consensus/storage-locked' },
    });
    expect(storage.log.sizeBytes).toBeGreaterThan(0);
  }
  await writeFile(join(dir, 'lock'), `${process.ppid} `);
  await writeFile(join(dir, 'lock'), '999999999 1');
  expect(await replay()).toEqual([]);
});
