import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';

/*
 * What `start --keep` leaves is confirmed by OpenSSL, by a Python script without packages and by a bare WebAssembly engine,
 * and each of them notices when a byte of it is changed.
 */

const root = fileURLToPath(new URL('../../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hm-evidence-'));
const evidence = join(scratch, 'mesh', 'evidence');
const hasPnpm = spawnSync('pnpm', ['--version']).error === undefined;

function has(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0;
}

function needs(context: TestContext, command: string, flag: string): void {
  if (!hasPnpm) context.skip('pnpm is not on PATH');
  if (!has(command, flag)) context.skip(`${command} is not installed`);
}

function run(
  command: string,
  ...args: readonly string[]
): { readonly code: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
  return { code: status, text: `${stdout}${stderr}` };
}

/** What a check says of a copy of the evidence with one bit of one file changed: in its middle, or where `near` stands. */
function altered(
  file: string,
  check: (folder: string) => { readonly code: number | null },
  near?: string,
): number | null {
  const folder = mkdtempSync(join(scratch, 'altered-'));
  cpSync(evidence, folder, { recursive: true });
  const bytes = readFileSync(join(folder, file));
  const at = near === undefined ? Math.floor(bytes.length / 2) : bytes.indexOf(near);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(folder, file), bytes);
  const { code } = check(folder);
  rmSync(folder, { recursive: true });
  return code;
}

beforeAll(() => {
  if (!hasPnpm) return;
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const args = ['apps/tour/src/start.ts', '--once', '--keep', '--json', '--data', join(scratch, 'mesh')];
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, PATH: path, TMPDIR: scratch },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr.slice(-2_000));
}, 400_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the evidence of a tour', () => {
  it('has certificates that OpenSSL follows to the root [node-x01]', (context) => {
    needs(context, 'openssl', 'version');
    const folder = join(evidence, 'certificates');
    const names = readdirSync(folder).filter((name) => name !== 'root.pem');
    expect(names.sort()).toEqual(['amber.pem', 'birch.pem', 'cedar.pem', 'delta.pem']);
    const verify = (pem: string) =>
      run('openssl', 'verify', '-x509_strict', '-CAfile', join(folder, 'root.pem'), '-untrusted', pem, pem);
    for (const name of names) expect(verify(join(folder, name)).text).toMatch(/: OK/);
    const lines = readFileSync(join(folder, 'amber.pem'), 'utf8').split('\n');
    lines[12] = (lines[12] ?? '').replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'));
    const other = join(scratch, 'other.pem');
    writeFileSync(other, lines.join('\n'));
    expect(verify(other).code).not.toBe(0);
  });

  it('is confirmed from the genesis to the last payment by a script in another language [node-x01]', (context) => {
    needs(context, 'python3', '--version');
    const confirm = (folder: string) => run('python3', join(folder, 'confirm.py'), folder);
    const { code, text } = confirm(evidence);
    expect(text).not.toContain('FAIL');
    expect(text).toMatch(/validators signed/);
    expect(text.match(/signed by its publisher/g)?.length).toBeGreaterThan(4);
    expect(text.match(/leased in block/g)?.length).toBeGreaterThan(6);
    expect(text).toMatch(/[1-9] payments from holds/);
    expect(code).toBe(0);
    const files = ['genesis.cbor', 'facts.cbor', 'blocks.cbor', 'finality.cbor', 'state.cbor'];
    const [name = ''] = readdirSync(join(evidence, 'packages'));
    const [lease = ''] = readdirSync(join(evidence, 'runs'));
    files.push(join('packages', name, 'record.cbor'));
    files.push(join('runs', lease, 'statement.cbor'), join('certificates', 'root.pem'));
    for (const file of files) expect([file, altered(file, confirm)]).toEqual([file, 1]);
    expect(altered(join('packages', name, 'bundle-0.cbor'), confirm, 'hypermesh-statement')).toBe(1);
  });

  it('has a WebAssembly run that a bare engine makes again, with the same output for the same fuel [node-x01]', (context) => {
    if (!hasPnpm) context.skip('pnpm is not on PATH');
    const confirm = (folder: string) => run(process.execPath, join(folder, 'confirm-run.mjs'), folder);
    const { code, text } = confirm(evidence);
    expect(text).toMatch(/run again, it gives the same [0-9]+ bytes for [0-9]+ fuel/);
    expect(code).toBe(0);
    const [lease] = readdirSync(join(evidence, 'runs')).filter((each) =>
      readdirSync(join(evidence, 'runs', each)).includes('module.wasm'),
    );
    for (const file of ['module.wasm', 'input', 'output', 'receipt.cbor']) {
      expect([file, altered(join('runs', lease ?? '', file), confirm)]).toEqual([file, 1]);
    }
  });
});
