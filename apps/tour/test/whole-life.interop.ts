import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { hasPnpm, needsPnpm, type Started, spawnStart } from './start-process.ts';

/*
 * One whole tour: what `start --once --json --keep` reports; and what it leaves is confirmed by OpenSSL, by a Python
 * script without packages and by a bare WebAssembly engine, each of which notices when a byte of it is changed.
 */

const scratch = mkdtempSync(join(tmpdir(), 'hm-evidence-'));
let started: Started;
let evidence: string;

function has(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0;
}

function needs(context: TestContext, command: string, flag: string): void {
  needsPnpm(context);
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

beforeAll(async () => {
  if (!hasPnpm) return;
  const { child, ended } = spawnStart(scratch, ['--once', '--json', '--keep']);
  let words = '';
  child.stderr?.on('data', (text: string) => {
    words += text;
  });
  started = await ended;
  if (started.code !== 0) throw new Error(words.slice(-2_000));
  evidence = join(scratch, started.left[0] ?? '', 'evidence');
}, 400_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('start', () => {
  it('takes a package through its whole life on four nodes, reports it as one JSON object and leaves nothing but what it is told to keep [node-02]', (context) => {
    needsPnpm(context);
    const { code, report, stdout, left } = started;
    expect(report).toMatchObject({ ok: true });
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(left).toHaveLength(1);
    expect(report.nodes.map(({ name }) => name)).toEqual(['amber', 'birch', 'cedar', 'delta']);
    for (const { address, peakResidentBytes } of report.nodes) {
      expect(address).toMatch(/^quic:\/\/\[::1\]:\d+$/);
      expect(peakResidentBytes).toBeGreaterThan(1_000_000);
    }
    const steps = Object.fromEntries(report.steps.map((step) => [step.name, step]));
    expect(Object.keys(steps)).toEqual([
      'genesis',
      'publish',
      'install',
      'run',
      'remote-memory',
      'settle',
      'recovery',
      'look',
    ]);
    expect(steps['genesis']).toMatchObject({ ok: true, height: 1 });
    expect(steps['genesis']).toHaveProperty('finalizedBy.2');
    const { packages = [] } = steps['publish'] as { packages?: readonly Record<string, unknown>[] };
    expect(packages.map(({ name, version }) => `${name}@${version}`)).toEqual([
      'anagrams@1.0.0',
      'marked@18.2.1',
      'lodash@4.17.21',
      'typescript@5.8.2',
      'typescript@5.8.3',
    ]);
    for (const each of packages) {
      expect(each['digest']).toMatch(/^bafyrei/);
      expect(each['signers']).toMatchObject([{ suite: 'ed25519' }, { suite: 'falcon-1024-r3' }]);
      expect(each['holders']).toHaveLength(2);
    }
    expect(steps['publish']?.['bytes']).toBeGreaterThan(20_000_000);
    const install = steps['install'] as unknown as {
      readonly rejectedChunks: number;
      readonly peers: readonly { readonly over: string }[];
      readonly installs: readonly Record<'bytes' | 'bytesMoved' | 'bytesReused', number>[];
    };
    expect(install.peers.length).toBeGreaterThan(1);
    for (const { over } of install.peers) expect(over).toBe('quic with X25519+ML-KEM-768');
    expect(install.rejectedChunks).toBeGreaterThan(0);
    // Where the damaged provider was not asked, drills stand between the two.
    const [whole] = install.installs;
    const delta = install.installs.at(-2);
    expect(whole?.bytes).toBeGreaterThan(20_000_000);
    expect(delta?.bytes).toBeGreaterThan(20_000_000);
    expect(delta?.bytesMoved).toBeLessThan(300_000);
    expect(delta?.bytesReused).toBeGreaterThan(20_000_000);
    const runs = (steps['run']?.['runs'] ?? []) as Record<string, unknown>[];
    const [honest, library] = runs;
    const tampered = runs.at(-1);
    expect(
      runs.map(({ operation, exit, expected, matches }) => [operation, exit, expected, matches]),
    ).toEqual([
      [undefined, 'ok', 'ok', true],
      [undefined, 'ok', 'ok', true],
      ['spin', 'out-of-fuel', 'out-of-fuel', true],
      ['microtasks', 'out-of-fuel', 'out-of-fuel', true],
      ['bomb', 'memory', 'memory', true],
      ['steal', 'denied', 'denied', true],
      ['default', 'ok', 'ok', true],
      [undefined, 'denied', 'denied', true],
    ]);
    expect(library).toMatchObject({ reexecutedBy: 'delta', library: expect.stringMatching(/^marked \d/) });
    const valid = { space: 'valid', stake: 'valid', work: 'valid', time: 'valid' };
    expect(honest).toMatchObject({
      exit: 'ok',
      expected: 'ok',
      matches: true,
      reexecutedBy: 'delta',
      proofs: valid,
    });
    expect(honest?.['fuel']).toMatch(/^\d+$/);
    expect(tampered).toMatchObject({ exit: 'denied', expected: 'denied', tampered: 'time', matches: true });
    expect(steps['settle']).toMatchObject({ ok: true, from: 'birch', to: 'cedar', conserved: true });
    expect(steps['settle']?.['amount']).toMatch(/^[1-9]\d*$/);
    expect(steps['remote-memory']).toMatchObject({
      ok: true,
      address: expect.stringMatching(/^fd48:4d00:/),
      operations: expect.any(Number),
      afterRevoke: 'Revoked',
    });
    expect(steps['recovery']).toMatchObject({ ok: true, lost: 0, secondVotes: 0 });
    expect(steps['recovery']?.['install']).toMatchObject({ ok: true, bytesReused: expect.any(Number) });
    expect(steps['recovery']?.['run']).toMatchObject({ ok: true, exit: 'ok' });
    expect(steps['look']).toMatchObject({ ok: true, url: expect.stringMatching(/^http:/) });
    expect(Number(steps['look']?.['heard'])).toBeGreaterThan(Number(steps['look']?.['blocks']));
  });
});

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
    needsPnpm(context);
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
