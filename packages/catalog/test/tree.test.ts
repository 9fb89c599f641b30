import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkTree, listTrees, openTreeFiles } from '@hypermesh/catalog/node';
import { cidOf, concatBytes, utf8 } from '@hypermesh/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTreeStore, folderFromMap, pack } from '../src/index.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'catalog-tree-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const digest = cidOf(utf8('record'), 'dag-cbor');
const large = new Uint8Array(600_000).map((_, index) => index * 7);
const source = folderFromMap({
  'README.md': utf8('read me'),
  'bin/tool': { bytes: utf8('#!/bin/sh\n'), executable: true },
  'data/large': large,
  empty: utf8(''),
  ...Object.fromEntries(
    Array.from({ length: 60 }, (_, number) => [`many/${number}/f`, utf8(`file ${number}`)]),
  ),
});

async function material() {
  const packed = await pack(source);
  if (!packed.ok) throw new Error('refused');
  const parts: Uint8Array[] = [];
  for await (const part of packed.stream()) parts.push(part.slice());
  return { record: { files: packed.files }, content: concatBytes(...parts) };
}

/** The content in pieces of odd sizes, as a network gives it. */
async function* pieces(content: Uint8Array, size = 7919): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part.slice());
  return concatBytes(...parts);
}

describe('a tree', () => {
  test('has the files of the table, read-only, with their executable bits, and gives the content back', async () => {
    const { record, content } = await material();
    const store = createTreeStore(await openTreeFiles(dir));
    const installed = await store.install(digest, record, pieces(content));
    expect(installed).toEqual({ ok: true, path: join(dir, 'trees', digest), isNew: true });
    const path = installed.ok ? installed.path : '';
    expect(await readFile(join(path, 'README.md'), 'utf8')).toBe('read me');
    expect(new Uint8Array(await readFile(join(path, 'data/large')))).toEqual(large);
    expect((await stat(join(path, 'bin/tool'))).mode & 0o777).toBe(0o555);
    expect((await stat(join(path, 'README.md'))).mode & 0o777).toBe(0o444);
    expect(await collect(store.read(digest, record))).toEqual(content);
    expect(await listTrees(dir)).toEqual([digest]);
    expect(await store.install(digest, record, pieces(content))).toMatchObject({ ok: true, isNew: false });
  });

  test.each([
    ['too-short', (content: Uint8Array) => content.subarray(0, content.length - 1)],
    ['too-short', (content: Uint8Array) => content.subarray(0, 3)],
    ['too-long', (content: Uint8Array) => concatBytes(content, utf8('!'))],
  ])('is not built of a stream that is %s, and leaves nothing behind', async (reason, alter) => {
    const { record, content } = await material();
    const store = createTreeStore(await openTreeFiles(dir));
    expect(await store.install(digest, record, pieces(alter(content)))).toEqual({ ok: false, reason });
    expect(await store.path(digest)).toBeUndefined();
    expect(await readdir(join(dir, 'drafts'))).toEqual([]);
  });

  test('is not built when its stream breaks off, is cancelled, or the disk refuses a file', async () => {
    const { record, content } = await material();
    const store = createTreeStore(await openTreeFiles(dir));
    async function* broken() {
      yield content.subarray(0, 100_000);
      throw new Error('the chunk is not what it says');
    }
    await expect(store.install(digest, record, broken())).rejects.toThrow('the chunk');
    const controller = new AbortController();
    async function* slow() {
      yield content.subarray(0, 30);
      controller.abort();
      yield content.subarray(30);
    }
    await expect(store.install(digest, record, slow(), { signal: controller.signal })).rejects.toThrow();
    const clash = {
      files: [
        { path: 'a', size: 1, executable: false },
        { path: 'a', size: 1, executable: false },
      ],
    };
    await expect(store.install(digest, clash, pieces(utf8('12')))).rejects.toThrow();
    expect(await readdir(join(dir, 'drafts'))).toEqual([]);
    expect(await listTrees(dir)).toEqual([]);
  });

  test('is built once when two ask at the same time, and both get it', async () => {
    const { record, content } = await material();
    const store = createTreeStore(await openTreeFiles(dir));
    const both = await Promise.all([1, 2].map(() => store.install(digest, record, pieces(content))));
    expect(both.every((one) => one.ok && one.path === join(dir, 'trees', digest))).toBe(true);
    expect(await readdir(join(dir, 'drafts'))).toEqual([]);
  });

  test('half written by a process that died is gone when the store is opened again', async () => {
    await mkdir(join(dir, 'drafts/half'), { recursive: true });
    await writeFile(join(dir, 'drafts/half/file'), 'half');
    await openTreeFiles(dir);
    expect(await readdir(join(dir, 'drafts'))).toEqual([]);
  });

  test('that was put aside or removed is built anew', async () => {
    const { record, content } = await material();
    const store = createTreeStore(await openTreeFiles(dir));
    await store.install(digest, record, pieces(content));
    await store.quarantine(digest);
    expect(await store.path(digest)).toBeUndefined();
    expect((await readdir(join(dir, 'quarantine'))).length).toBe(1);
    expect(await store.install(digest, record, pieces(content))).toMatchObject({ isNew: true });
    await store.remove(digest);
    await store.remove(digest);
    expect(await listTrees(dir)).toEqual([]);
  });

  test('is linked into a project by one link, which moves to another tree in one step', async () => {
    const { record, content } = await material();
    const store = createTreeStore(await openTreeFiles(dir));
    const installed = await store.install(digest, record, pieces(content));
    const at = join(dir, 'project/packages/@scope/tool');
    await linkTree(join(dir, 'elsewhere'), at);
    await linkTree(installed.ok ? installed.path : '', at);
    expect(await readlink(at)).toBe(join(dir, 'trees', digest));
    expect(await readFile(join(at, 'README.md'), 'utf8')).toBe('read me');
  });

  test('cannot be asked for by a digest that is a path', async () => {
    const files = await openTreeFiles(dir);
    await expect(files.path('../../etc')).rejects.toMatchObject({ code: 'catalog/bad-argument' });
  });
});
