import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Report {
  readonly ok: boolean;
  readonly durationMs: number;
  readonly nodes: readonly { name: string; address: string; peakResidentBytes: number }[];
  readonly steps: readonly ({ name: string; ok: boolean; durationMs: number } & Record<string, unknown>)[];
  readonly error?: { code: string; message: string };
}

/** Runs root `start` as a fresh clone does; its temporary files go into a folder of the test's own. */
async function start(...argv: readonly string[]): Promise<{
  readonly code: number | null;
  readonly report: Report;
  readonly stdout: string;
  /** What it left behind. */
  readonly left: readonly string[];
}> {
  const scratch = mkdtempSync(join(tmpdir(), 'hm-tour-'));
  const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const child = spawn(process.execPath, ['apps/tour/src/start.ts', ...argv], {
    cwd: root,
    env: { ...process.env, PATH: path, TMPDIR: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.resume();
  const [code] = (await once(child, 'close')) as [number | null];
  const left = readdirSync(scratch).filter((name) => name.startsWith('hypermesh'));
  rmSync(scratch, { recursive: true, force: true });
  return { code, report: JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report, stdout, left };
}

/** Building needs the package manager, which is there in whatever it starts. */
function needsPnpm(context: TestContext): void {
  if (spawnSync('pnpm', ['--version']).error !== undefined) context.skip('pnpm is not on PATH');
}

describe('start', () => {
  it('takes a package through its whole life on four nodes, reports it as one JSON object and leaves nothing [node-02]', async (context) => {
    needsPnpm(context);
    const { code, report, stdout, left } = await start('--once', '--json');
    expect(report).toMatchObject({ ok: true });
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(left).toEqual([]);
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
  }, 400_000);

  it.for(['Enter', 'SIGCONT'] as const)(
    'stands still after a step until %s, and a failure after it is told once',
    { timeout: 120_000 },
    async (key, context) => {
      needsPnpm(context);
      const scratch = mkdtempSync(join(tmpdir(), 'hm-tour-'));
      const path = [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
      const child = spawn(
        process.execPath,
        ['apps/tour/src/start.ts', '--once', '--json', '--pause-after=genesis'],
        {
          cwd: root,
          env: { ...process.env, PATH: path, TMPDIR: scratch },
          stdio: [key === 'Enter' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
        },
      );
      let stdout = '';
      let stderr = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
      });
      const closed = once(child, 'close');
      child.stderr?.setEncoding('utf8');
      for await (const text of child.stderr as AsyncIterable<string>) {
        stderr += text;
        if (!stderr.includes('kill -CONT')) continue;
        const pids = [...stderr.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
        expect(pids).toHaveLength(4);
        // An outsider interferes: the first node, which is to publish, is gone.
        process.kill(pids[0] ?? 0, 'SIGKILL');
        if (key === 'Enter') child.stdin?.write('\n');
        else process.kill(child.pid ?? 0, 'SIGCONT');
        stderr = '';
      }
      const [code] = (await closed) as [number];
      rmSync(scratch, { recursive: true, force: true });
      const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report;
      expect(code).toBe(1);
      expect(report.steps.map(({ name, ok }) => [name, ok])).toEqual([
        ['genesis', true],
        ['publish', false],
      ]);
    },
  );

  it('with a data folder that cannot be used says so in the JSON and ends with 1', async (context) => {
    needsPnpm(context);
    const { code, report, left } = await start('--once', '--json', '--data', '/dev/null/none');
    expect(code).toBe(1);
    expect(report).toMatchObject({ ok: false });
    expect(report.steps.at(-1)).toMatchObject({ name: 'genesis', ok: false });
    expect(report.steps).toHaveLength(1);
    expect(left).toEqual([]);
  }, 120_000);

  it('with an option that it does not know says so in the JSON and ends with 2', async () => {
    const { code, report } = await start('--json', '--bogus');
    expect(code).toBe(2);
    expect(report).toMatchObject({ ok: false, error: { code: 'tour/bad-flag' } });
  });
});
