import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accept, monitor, openAuthority } from '../src/authority.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-authority-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('runs as its README says', async () => {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const flags = ['--conditions=@hypermesh/source', main];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  expect(stdout).toContain('issued and logged: { ok: true, index: 0 }');
  expect(stdout).toContain("for another host: { ok: false, reason: 'name-mismatch' }");
  expect(stdout).toContain("issued in secret: { ok: false, reason: 'not-logged' }");
  expect(stdout).toContain("with another one's proof: { ok: false, reason: 'proof-root-mismatch' }");
  expect(stdout).toContain('  mail.example SHA256:');
}, 60_000);

it('accepts what is in the log, under its own host and root alone', async () => {
  await using authority = await openAuthority(join(folder, 'one'));
  await using other = await openAuthority(join(folder, 'two'));
  const shown = await authority.issue('shop.example');
  expect(accept(shown, 'shop.example', authority.trust)).toEqual({ ok: true, index: 0 });
  expect(accept(shown, 'shop.example', other.trust).ok).toBe(false);
  const mixed = { root: authority.trust.root, logKey: other.trust.logKey };
  expect(accept(shown, 'shop.example', mixed)).toEqual({ ok: false, reason: 'not-signed-by-key' });
  const der = new Uint8Array(shown.der);
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  expect(accept({ ...shown, der }, 'shop.example', authority.trust).ok).toBe(false);
});

it('is caught by whoever watches when it shows another history', async () => {
  await using honest = await openAuthority(join(folder, 'three'));
  await honest.issue('shop.example');
  const { view, certified } = await monitor(honest.log);
  expect(certified).toHaveLength(1);
  await honest.issue('mail.example');
  expect((await monitor(honest.log, view)).certified).toHaveLength(2);
  const forged = honest.log.checkpoint.replace('\n2\n', '\n3\n');
  expect((await view.observe(forged)).verdict).toBe('invalid');
});
