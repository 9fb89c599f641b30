import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type PackageFiles,
  readPackage,
  SIGNATURE_FILE,
  signPackage,
  verifyPackage,
} from '../src/sign/index.ts';
import { createTestHost, signedPackage, testSigner } from '../src/testing/index.ts';

const signer = testSigner();
const extension = `export const extension = { id: 'acme.words', ops: { 'words.echo': { run: (p) => p } } };`;
const make = () =>
  signedPackage(
    { id: 'acme.words', entry: extension, files: { 'docs/API.md': '# words', 'docs/USAGE.md': '# use' } },
    signer,
  );

async function refusal(files: PackageFiles) {
  const verdict = await verifyPackage(files, signer.trust);
  return verdict.ok ? 'accepted' : `${verdict.reason.code} ${verdict.reason.path}`;
}

const withFile = (files: PackageFiles, path: string, text: string | Uint8Array) =>
  new Map([...files, [path, typeof text === 'string' ? utf8(text) : text] as const]);

function without(files: PackageFiles, path: string): PackageFiles {
  const copy = new Map(files);
  copy.delete(path);
  return copy;
}

/** The package with its signature file read, changed and written again. */
function resigned(files: PackageFiles, change: (value: Record<string, unknown>) => void): PackageFiles {
  const value = JSON.parse(Buffer.from(files.get(SIGNATURE_FILE) ?? []).toString()) as Record<
    string,
    unknown
  >;
  change(value);
  return withFile(files, SIGNATURE_FILE, JSON.stringify(value));
}

describe('a signed package', () => {
  it('is believed as it was signed', async () => {
    expect(await refusal(await make())).toBe('accepted');
  });

  it('is refused with any byte of any file changed [ext-02]', async () => {
    const files = await make();
    const paths = [...files.keys()].filter((path) => path !== SIGNATURE_FILE);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...paths),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (path, at, bits) => {
          const bytes = new Uint8Array(files.get(path) ?? []);
          const index = at % bytes.length;
          bytes[index] = (bytes[index] ?? 0) ^ bits;
          expect(await refusal(withFile(files, path, bytes))).toBe(`file-changed ${path}`);
        },
      ),
    );
  });

  it('is refused with any byte of its signature file changed to another meaning [ext-02]', async () => {
    const files = await make();
    const original = files.get(SIGNATURE_FILE) ?? new Uint8Array();
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 127 }), async (at, bits) => {
        const bytes = new Uint8Array(original);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ bits;
        const same = (text: Uint8Array) => {
          try {
            const value = JSON.parse(Buffer.from(text).toString()) as { signature: string };
            return JSON.stringify({
              ...value,
              signature: Buffer.from(value.signature, 'base64').toString('hex'),
            });
          } catch {
            return undefined;
          }
        };
        // White space, the case of a hexadecimal letter and the unused bits of base64 say the same.
        const isSame = same(bytes)?.toLowerCase() === same(original)?.toLowerCase();
        if (!isSame) expect(await refusal(withFile(files, SIGNATURE_FILE, bytes))).not.toBe('accepted');
      }),
    );
  });

  it.each(['docs/API.md', 'extension.mjs', 'manifest.json'])(
    'is refused without %s [ext-02]',
    async (path) => {
      expect(await refusal(without(await make(), path))).toBe(`file-missing ${path}`);
    },
  );

  it.each(['extra.mjs', 'docs/extra.md', 'signature.json.bak'])(
    'is refused with %s beside it [ext-02]',
    async (path) => {
      expect(await refusal(withFile(await make(), path, 'x'))).toBe(`file-extra ${path}`);
    },
  );

  it.each<[string, (value: Record<string, unknown>) => void, string]>([
    ['no signature', (value) => delete value['signature'], 'malformed-signature signature.json'],
    [
      'another signature',
      (value) => (value['signature'] = Buffer.alloc(64, 1).toString('base64')),
      'bad-signature signature.json',
    ],
    ['another algorithm', (value) => (value['algorithm'] = 'none'), 'algorithm-mismatch signature.json'],
    ['an unknown field', (value) => (value['note'] = 1), 'malformed-signature signature.json'],
    [
      'a file listed twice',
      (value) => (value['files'] as unknown[]).push((value['files'] as unknown[])[0]),
      'malformed-signature signature.json',
    ],
    ['no list', (value) => (value['files'] = {}), 'malformed-signature signature.json'],
    ['another order', (value) => (value['files'] as unknown[]).reverse(), 'bad-signature signature.json'],
    [
      'a digest that is none',
      (value) =>
        ((value['files'] as { sha256: unknown }[])[0] = { ...(value['files'] as object[])[0], sha256: 'zz' }),
      'malformed-signature signature.json',
    ],
  ])('is refused where the signature file has %s [ext-02]', async (_, change, reason) => {
    expect(await refusal(resigned(await make(), change))).toBe(reason);
  });

  it('is refused without a signature, or signed by somebody else', async () => {
    const files = await make();
    expect(await refusal(without(files, SIGNATURE_FILE))).toBe('no-signature signature.json');
    const other = await signedPackage({ id: 'acme.words', entry: extension }, testSigner('other'));
    expect(await refusal(other)).toBe('bad-signature signature.json');
  });

  it('is refused where the manifest names another certificate than the signer has [ext-16]', async () => {
    const files = await make();
    const trust = {
      verify: async () => ({ ok: true, signer: 'author', certificateFingerprint: 'SHA256:other' }) as const,
    };
    expect(await verifyPackage(files, trust)).toMatchObject({
      ok: false,
      reason: { code: 'fingerprint-mismatch' },
    });
    const wrong = new Map(files).set(
      'manifest.json',
      utf8(
        Buffer.from(files.get('manifest.json') ?? [])
          .toString()
          .replace('SHA256:', 'SHA256:0'),
      ),
    );
    await expect(signPackage(wrong, signer)).rejects.toMatchObject({ code: 'extension/bad-argument' });
  });

  it('is refused where the verifier fails, and by what it answers', async () => {
    const files = await make();
    const broken = { verify: () => Promise.reject(new Error('no network')) };
    expect(await verifyPackage(files, broken)).toMatchObject({
      ok: false,
      reason: { code: 'trust-unavailable', detail: 'no network' },
    });
    for (const reason of ['expired', 'revoked', 'untrusted-signer'] as const) {
      const trust = { verify: async () => ({ ok: false, reason }) as const };
      expect(await verifyPackage(files, trust)).toMatchObject({ ok: false, reason: { code: reason } });
    }
  });

  it.each([
    ['../outside', 'bad-path'],
    ['/etc/passwd', 'bad-path'],
    ['docs/../../x', 'bad-path'],
    ['docs\\x', 'bad-path'],
    ['docs//x', 'bad-path'],
    ['x\u0000y', 'bad-path'],
    ['x.', 'bad-path'],
    ['Docs/API.md', 'case-collision'],
    ['docs/api.md', 'case-collision'],
    ['docs', 'case-collision'],
    ['certs/extension.key', 'private-key'],
    ['id_ed25519', 'private-key'],
  ])('with a file called %j is refused as %s, signed or not [ext-02]', async (path, code) => {
    const files = withFile(await make(), path, 'x');
    expect(await refusal(files)).toMatch(new RegExp(`^${code} `));
    expect(await signPackage(files, signer)).toMatchObject({ ok: false, reason: { code } });
  });

  it('with a private key in any text is refused [ext-02]', async () => {
    const files = withFile(await make(), 'notes.txt', 'x\n-----BEGIN ENCRYPTED PRIVATE KEY-----\n');
    expect(await refusal(files)).toBe('private-key notes.txt');
  });

  it('beyond a bound is refused', async () => {
    const files = await make();
    const codeWith = async (limits: object) => {
      const verdict = await verifyPackage(files, signer.trust, limits);
      return verdict.ok ? 'accepted' : verdict.reason.code;
    };
    expect(await codeWith({ maxFiles: 4 })).toBe('too-many-files');
    expect(await codeWith({ maxFileBytes: 10 })).toBe('file-too-large');
    expect(await codeWith({ maxBytes: 300 })).toBe('package-too-large');
    expect(await codeWith({})).toBe('accepted');
  });
});

describe('a folder', () => {
  let folder = '';
  const put = (path: string, bytes: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hm-extension-'));
    for (const [path, bytes] of await make()) put(path, bytes);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const codeOf = async (limits = {}) => {
    const read = await readPackage(folder, limits);
    return read.ok ? 'accepted' : `${read.reason.code} ${read.reason.path}`;
  };

  it('is read file by file', async () => {
    const read = await readPackage(folder);
    expect(read.ok && (await refusal(read.files))).toBe('accepted');
    expect(read.ok && [...read.files.keys()]).toContain('docs/API.md');
  });

  it('with a symbolic link to a file or folder is refused [ext-02]', async () => {
    symlinkSync('/etc/hostname', join(folder, 'host'));
    expect(await codeOf()).toBe('symlink host');
    rmSync(join(folder, 'host'));
    symlinkSync('/etc', join(folder, 'docs', 'etc'));
    expect(await codeOf()).toBe('symlink docs/etc');
  });

  it('with a hard link is refused [ext-02]', async () => {
    linkSync(join(folder, 'extension.mjs'), join(folder, 'twin.mjs'));
    expect(await codeOf()).toBe('hard-link extension.mjs');
  });

  it('beyond a bound is refused before it is read whole', async () => {
    expect(await codeOf({ maxFiles: 3 })).toMatch(/^too-many-files/);
    put('big.bin', new Uint8Array(20_000));
    expect(await codeOf({ maxFileBytes: 10_000 })).toBe('file-too-large big.bin');
  });

  it('that is not there, or is a file, is refused', async () => {
    expect(await readPackage(join(folder, 'nowhere'))).toMatchObject({
      ok: false,
      reason: { code: 'unreadable' },
    });
    expect(await readPackage(join(folder, 'extension.mjs'))).toMatchObject({
      ok: false,
      reason: { code: 'unreadable' },
    });
  });

  it('may change after it was read: what runs is what was verified [ext-02]', async () => {
    await using test = createTestHost();
    const read = await readPackage(folder);
    if (!read.ok) throw new Error(read.reason.code);
    put(
      'extension.mjs',
      `export const extension = { id: 'acme.words', ops: { 'words.echo': { run: () => 'evil' } } };`,
    );
    expect(await test.host.load([{ files: read.files }])).toMatchObject([{ ok: true }]);
    const answer = await test.host.handle({ client: 'me', method: 'words.echo', params: 'good' });
    expect(answer).toEqual({ status: 'success', result: 'good' });
  });
});
