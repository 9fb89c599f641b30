import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from '@hypermesh/catalog';
import { create } from 'tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { npmFolderSource, npmSource } from '../src/adapters/npm-source.ts';

let dir = '';
let server: Server;
let registry = '';
/** What the registry of the test serves, by path. */
const served = new Map<string, Uint8Array>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'npm-source-'));
  server = createServer((request, response) => {
    const body = served.get(decodeURIComponent(request.url ?? ''));
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(body ?? '{"error":"not found"}');
  });
  // By name: npm's own agent looks `[::1]` up as if it were a name.
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  registry = `http://localhost:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

/** Six hundred mebibytes of nothing: the members of one gzip stream. */
function bomb(): Uint8Array {
  const member = gzipSync(Buffer.alloc(20 * 2 ** 20));
  return Buffer.concat(Array.from({ length: 30 }, () => member));
}

interface Offer {
  readonly name?: string;
  readonly version?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly link?: boolean;
  readonly integrity?: 'none' | 'sha1' | 'wrong';
  readonly bytes?: Uint8Array;
}

/** Puts a package on the registry of the test. */
async function offer(name: string, version: string, what: Offer = {}): Promise<void> {
  const folder = await mkdtemp(join(dir, 'made-'));
  const root = join(folder, 'package');
  await mkdir(join(root, 'lib'), { recursive: true });
  const manifest = { name: what.name ?? name, version: what.version ?? version, main: 'lib/index.js' };
  await writeFile(
    join(root, 'package.json'),
    JSON.stringify({ ...manifest, scripts: { preinstall: 'exit 1' } }),
  );
  await writeFile(join(root, 'lib/index.js'), 'module.exports = 1;\n');
  await writeFile(join(root, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
  for (const [path, text] of Object.entries(what.files ?? {})) await writeFile(join(root, path), text);
  if (what.link) await symlink('/etc/passwd', join(root, 'escape'));
  const file = join(folder, 'package.tgz');
  await create({ file, gzip: true, cwd: folder }, ['package']);
  const bytes = what.bytes ?? (await readFile(file));
  const path = `/${name}/-/package-${version}.tgz`;
  served.set(path, bytes);
  const sha512 = createHash('sha512')
    .update(what.integrity === 'wrong' ? 'other' : bytes)
    .digest('base64');
  const dist = {
    tarball: `${registry.slice(0, -1)}${path}`,
    ...(what.integrity === 'none'
      ? {}
      : what.integrity === 'sha1'
        ? { shasum: createHash('sha1').update(bytes).digest('hex') }
        : { integrity: `sha512-${sha512}` }),
  };
  const packument = {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, name, version, dist } },
  };
  served.set(`/${name}`, Buffer.from(JSON.stringify(packument)));
}

describe('a package of a registry', () => {
  test('comes with its document and its files, and no script of it ran', async () => {
    await offer('good', '1.2.3');
    const opened = await npmSource({ registry }).open('npm:good@1.2.3');
    expect(opened.package).toMatchObject({
      metadata: { name: 'good', version: '1.2.3' },
      spec: { type: 'library.javascript', content: { entrypoint: 'lib/index.js' } },
    });
    expect(await pack(opened.folder)).toMatchObject({
      ok: true,
      files: [
        { path: 'lib/index.js', size: 20, executable: false },
        { path: 'package.json', executable: false },
        { path: 'tool', size: 10, executable: true },
      ],
    });
  });

  test('with a scope is found too', async () => {
    await offer('@scope/good', '2.0.0');
    const opened = await npmSource({ registry }).open('npm:@scope/good@2.0.0');
    expect(opened.package.metadata.name).toBe('@scope/good');
  });

  test.each<[string, string, Offer, string]>([
    ['bytes that are not those that the registry names', 'altered', { integrity: 'wrong' }, 'EINTEGRITY'],
    ['no digest', 'bare', { integrity: 'none' }, 'no-integrity'],
    ['a weak digest alone', 'weak', { integrity: 'sha1' }, 'no-integrity'],
    ['another package inside', 'mask', { name: 'other' }, 'not-the-package'],
    ['another version inside', 'stale', { version: '9.9.9' }, 'not-the-package'],
    ['a link in it', 'linked', { link: true }, 'not-a-file'],
    ['bytes that are no gzip', 'plain', { bytes: Buffer.from('hello') }, 'not-gzip'],
    ['gzip that is no tarball', 'noise', { bytes: gzipSync(Buffer.alloc(4096, 7)) }, 'not-a-tarball'],
    ['a bomb', 'bomb', { bytes: bomb() }, 'not-gzip'],
  ])('with %s is refused', async (_, name, what, reason) => {
    await offer(name, '1.0.0', what);
    await expect(npmSource({ registry }).open(`npm:${name}@1.0.0`)).rejects.toMatchObject({
      code: 'catalog/bad-package',
      failure: { reason },
    });
  });

  test('that is not there is told as such', async () => {
    await offer('some', '1.0.0');
    for (const spec of ['npm:none@1.0.0', 'npm:some@1.0.1']) {
      await expect(npmSource({ registry }).open(spec)).rejects.toMatchObject({ code: 'catalog/not-found' });
    }
  });

  test.each([
    'npm:good',
    'npm:good@latest',
    'npm:good@^1',
    'npm:../x@1.0.0',
    'npm:git+ssh://x@1.0.0',
    'npm:file:..@1.0.0',
    'npm:@1.0.0',
  ])('is not asked for as %s', async (spec) => {
    await expect(npmSource({ registry }).open(spec)).rejects.toMatchObject({ code: 'catalog/bad-package' });
  });
});

describe('an installed folder', () => {
  async function folder(name: string, packageJson: string | undefined): Promise<string> {
    const at = join(dir, name);
    await mkdir(join(at, 'node_modules/inner'), { recursive: true });
    await writeFile(join(at, 'node_modules/inner/index.js'), '1');
    await writeFile(join(at, 'index.js'), '1');
    if (packageJson !== undefined) await writeFile(join(at, 'package.json'), packageJson);
    return at;
  }

  test('becomes a package without what is installed inside it', async () => {
    const at = await folder(
      'installed',
      '{"name":"installed","version":"1.0.0","dependencies":{"inner":"^1"}}',
    );
    const source = npmFolderSource();
    expect([source.takes(`npm-folder:${at}`), source.takes('npm:x@1.0.0'), source.takes(at)]).toEqual([
      true,
      false,
      false,
    ]);
    const opened = await source.open(`npm-folder:${at}`);
    expect(opened.package.spec.dependencies).toMatchObject([{ name: 'inner', range: '^1' }]);
    expect(await pack(opened.folder)).toMatchObject({
      ok: true,
      files: [{ path: 'index.js' }, { path: 'package.json' }],
    });
  });

  test.each([
    ['without a package.json', undefined, 'no-package-json'],
    ['with one that is no JSON', '{', 'not-json'],
    ['with one that names nothing', '{}', 'bad-name'],
    ['with a version of two numbers', '{"name":"x","version":"1.0"}', 'bad-version'],
    [
      'with one that is too large',
      `{"name":"x","version":"1.0.0","x":"${'x'.repeat(2 ** 20)}"}`,
      'too-large',
    ],
  ])('%s is refused', async (name, json, reason) => {
    const at = await folder(name.replaceAll(' ', '-'), json);
    await expect(npmFolderSource().open(`npm-folder:${at}`)).rejects.toMatchObject({
      code: 'catalog/bad-package',
      failure: { reason },
    });
  });

  test('that is not there is told as such', async () => {
    await expect(npmFolderSource().open(`npm-folder:${join(dir, 'nowhere')}`)).rejects.toMatchObject({
      code: 'catalog/files',
    });
  });
});
