import { chmod, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFolder } from '@hypermesh/catalog/node';
import { concatBytes, utf8 } from '@hypermesh/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderFromMap, pack, type SourceFolder } from '../src/index.ts';
import { createSelection } from '../src/pack/globs.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'catalog-pack-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function packed(folder: SourceFolder, options = {}) {
  const found = await pack(folder, options);
  if (!found.ok) throw new Error(JSON.stringify(found.problems));
  const parts: Uint8Array[] = [];
  for await (const part of found.stream()) parts.push(part.slice());
  return { ...found, content: concatBytes(...parts) };
}

async function problems(folder: SourceFolder, options = {}) {
  const found = await pack(folder, options);
  if (found.ok) throw new Error('the folder was packed');
  return found.problems.map(({ code, path }) => [code, path]);
}

describe('packing', () => {
  test('sorts files by path and puts their bytes one behind the other', async () => {
    const { files, bytes, content } = await packed(
      folderFromMap({
        'b.txt': utf8('BB'),
        'a/z': utf8('Z'),
        'a.txt': { bytes: utf8('AAA'), executable: true },
        empty: utf8(''),
      }),
    );
    expect(files).toEqual([
      { path: 'a.txt', size: 3, executable: true },
      { path: 'a/z', size: 1, executable: false },
      { path: 'b.txt', size: 2, executable: false },
      { path: 'empty', size: 0, executable: false },
    ]);
    expect(bytes).toBe(6);
    expect(content).toEqual(utf8('AAAZBB'));
  });

  test('gives the same stream for many small files and few large ones, each time it is asked for', async () => {
    const held = Object.fromEntries(
      Array.from({ length: 300 }, (_, number) => [
        `f${String(number).padStart(3, '0')}`,
        new Uint8Array(number * 97).fill(number),
      ]),
    );
    held['z-large'] = new Uint8Array(700_000).fill(7);
    const folder = folderFromMap(held);
    const { content, bytes } = await packed(folder);
    expect(content.length).toBe(bytes);
    expect(content).toEqual(
      concatBytes(
        ...Object.keys(held)
          .sort()
          .map((path) => held[path] as Uint8Array),
      ),
    );
    expect((await packed(folder)).content).toEqual(content);
  });

  test('takes what the globs select and never what tools keep for themselves', async () => {
    const names = [
      'dist/a.js',
      'dist/deep/b.js',
      'src/a.ts',
      'README.md',
      'node_modules/x/i.js',
      '.git/config',
      'dist/a.map',
    ];
    const folder = folderFromMap(Object.fromEntries(names.map((name) => [name, utf8(name)])));
    const paths = async (files: string[]) => (await packed(folder, { files })).files.map(({ path }) => path);
    expect(await paths(['**'])).toEqual([
      'README.md',
      'dist/a.js',
      'dist/a.map',
      'dist/deep/b.js',
      'src/a.ts',
    ]);
    expect(await paths(['dist', '!**/*.map'])).toEqual(['dist/a.js', 'dist/deep/b.js']);
    expect(await paths(['./*.md', 'src/?.ts'])).toEqual(['README.md', 'src/a.ts']);
    expect(await paths(['**/*.js'])).toEqual(['dist/a.js', 'dist/deep/b.js']);
  });

  test('is not slow over a pattern made to be slow', () => {
    const isSelected = createSelection([`${'*a'.repeat(200)}b`, `${'**/'.repeat(60)}x`]);
    expect(isSelected('a'.repeat(500))).toBe(false);
    expect(isSelected(`${'a/'.repeat(200)}y`)).toBe(false);
  });

  test('refuses paths that other systems cannot hold or would let meet', async () => {
    const held = Object.fromEntries(
      ['A/x', 'a/X', 'con.txt', 'a\\b', 'dot.', 'x/../y', '/abs'].map((path) => [path, utf8('1')]),
    );
    expect(await problems(folderFromMap(held))).toEqual([
      ['bad-path', 'con.txt'],
      ['bad-path', 'a\\b'],
      ['bad-path', 'dot.'],
      ['bad-path', 'x/../y'],
      ['bad-path', '/abs'],
      ['path-clash', 'a/X'],
    ]);
  });

  test('refuses a private key and warns of files that often hold secrets', async () => {
    const key = utf8(
      `-----BEGIN EC PRIVATE KEY-----\n${'MHcCAQEE'.repeat(20)}\n-----END EC PRIVATE KEY-----\n`,
    );
    expect(await problems(folderFromMap({ 'certs/extension.key': key, 'a.txt': utf8('a') }))).toEqual([
      ['private-key', 'certs/extension.key'],
    ]);
    const { warnings } = await packed(folderFromMap({ '.npmrc': utf8('token'), 'a.txt': utf8('a') }));
    expect(warnings).toEqual(['.npmrc often holds secrets; leave it out with "!.npmrc"']);
    expect(
      (await packed(folderFromMap({ k: key, 'a.txt': utf8('a') }), { files: ['**', '!k'] })).files.length,
    ).toBe(1);
  });

  test('refuses a folder without files, and an entrypoint that is not there', async () => {
    expect(await problems(folderFromMap({}))).toEqual([['no-files', '.']]);
    expect(await problems(folderFromMap({ a: utf8('a') }), { entrypoint: 'main.wasm' })).toEqual([
      ['no-entrypoint', 'main.wasm'],
    ]);
    const many = Object.fromEntries(Array.from({ length: 20_001 }, (_, number) => [`f${number}`, utf8('')]));
    expect(await problems(folderFromMap(many))).toEqual([['too-many-files', 'f20000']]);
  });

  test('notices a file that changed between the table and the stream', async () => {
    const folder = folderFromMap({ a: utf8('1234'), b: utf8('1') });
    const growing: SourceFolder = {
      ...folder,
      read: async function* () {
        yield utf8('12345');
      },
    };
    const found = await pack(growing);
    if (!found.ok) throw new Error('refused');
    const drain = async () => {
      for await (const _ of found.stream());
    };
    await expect(drain()).rejects.toMatchObject({ code: 'catalog/files', failure: { path: 'a' } });
  });

  test('stops when it is told to', async () => {
    await expect(pack(folderFromMap({ a: utf8('a') }), { signal: AbortSignal.abort() })).rejects.toThrow();
  });
});

describe('a folder of this machine', () => {
  test('gives its files with their executable bits, follows no link and takes no socket', async () => {
    const root = join(dir, 'one');
    await mkdir(join(root, 'sub'), { recursive: true });
    await mkdir(join(root, 'node_modules/x'), { recursive: true });
    await writeFile(join(root, 'node_modules/x/index.js'), '1');
    await writeFile(join(root, 'sub/tool'), 'run');
    await chmod(join(root, 'sub/tool'), 0o755);
    await writeFile(join(root, 'data'), 'data');
    await link(join(root, 'data'), join(root, 'hard'));
    expect((await packed(await openFolder(root))).files).toEqual([
      { path: 'data', size: 4, executable: false },
      { path: 'hard', size: 4, executable: false },
      { path: 'sub/tool', size: 3, executable: true },
    ]);
    await symlink('/etc/passwd', join(root, 'escape'));
    await symlink('/etc', join(root, 'folder'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    try {
      expect((await problems(await openFolder(root))).sort()).toEqual([
        ['device', 'socket'],
        ['link', 'escape'],
        ['link', 'folder'],
      ]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test('does not read through a folder that became a link after the walk', async () => {
    const root = join(dir, 'two');
    await mkdir(join(root, 'sub'), { recursive: true });
    await writeFile(join(root, 'sub/passwd'), 'mine');
    const found = await pack(await openFolder(root));
    if (!found.ok) throw new Error('refused');
    await rm(join(root, 'sub'), { recursive: true });
    await symlink('/etc', join(root, 'sub'));
    const drain = async () => {
      for await (const _ of found.stream());
    };
    await expect(drain()).rejects.toMatchObject({
      code: 'catalog/files',
      failure: { path: 'sub/passwd', reason: 'a link' },
    });
  });

  test('that is not there is told as such', async () => {
    await expect(openFolder(join(dir, 'none'))).rejects.toMatchObject({
      code: 'catalog/files',
      failure: { reason: 'ENOENT' },
    });
  });
});
