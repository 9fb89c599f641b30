import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectControl } from '../src/control/client.ts';
import { dataDirectory } from '../src/data-directory.ts';
import { filled, fits, type Known, readPage } from './console-page.ts';
import { temporaryDirectory } from './support.ts';

// A whole mesh goes through its life here, by hand.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 240_000 });

const page = readPage(new URL('../../../docs/operating.md', import.meta.url));
const temporary = temporaryDirectory();
const folder = dirname(temporary.path);
const bin = join(folder, 'bin');
const homeOf = (machine: string): string => join(folder, machine);
const directoryOf = (machine: string) => dataDirectory(join(homeOf(machine), '.hypermesh'));
const running = new Map<string, ChildProcess>();

const environment = (machine: string) => ({
  ...process.env,
  HOME: homeOf(machine),
  PATH: `${bin}:${process.env['PATH']}`,
  NO_COLOR: '1',
});

/** What the person types, on a machine that has a home of its own; addresses for examples are of this machine here. */
function typed(machine: string, command: string): ChildProcess {
  const here = command.replace(/quic:\/\/\[2001:db8::[0-9a-f]*\]:\d+/g, 'quic://[::1]:0');
  return spawn('bash', ['-c', command === 'hypermesh up' ? `exec ${here}` : `${here} 2>&1`], {
    cwd: homeOf(machine),
    env: environment(machine),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collected(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return () => text;
}

function errorsOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  return () => text;
}

beforeAll(() => {
  mkdirSync(bin, { recursive: true });
  const entry = fileURLToPath(new URL('./fixtures/hypermesh.ts', import.meta.url));
  const program = `#!/bin/sh\nexec '${process.execPath}' --conditions=@hypermesh/source '${entry}' "$@"\n`;
  writeFileSync(join(bin, 'hypermesh'), program);
  chmodSync(join(bin, 'hypermesh'), 0o755);
});
afterAll(async () => {
  for (const child of running.values()) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  temporary[Symbol.dispose]();
});

describe('docs/operating.md', () => {
  it('says what happens, line by line, on machines of their own', async () => {
    const known: Known = new Map();
    for (const step of page) {
      mkdirSync(homeOf(step.machine), { recursive: true });
      if ('path' in step) {
        const path = join(homeOf(step.machine), step.path);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, step.text);
        continue;
      }
      const { machine, answer, line } = step;
      const where = `docs/operating.md:${line}: ${machine}$ ${step.command}`;
      const command = filled(step.command, known);
      if (command === '^C') {
        const child = running.get(machine);
        const output = collected(child as ChildProcess);
        child?.kill('SIGINT');
        await once(child as ChildProcess, 'close');
        running.delete(machine);
        expect(fits(answer, output(), known), `${where}\n${output()}`).toBe(true);
        continue;
      }
      await readyFor(command);
      const child = typed(machine, command);
      const output = collected(child);
      const log = errorsOf(child);
      if (command === 'hypermesh up') {
        running.set(machine, child);
        while (!fits(answer, output().replace(/[^\n]*$/, ''), known)) {
          if (child.exitCode !== null) break;
          await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
        }
        expect(child.exitCode, `${where}\n${output()}${log()}`).toBeNull();
        continue;
      }
      const [code] = (await once(child, 'close')) as [number | null];
      expect(fits(answer, output(), known), `${where}\n${output()}`).toBe(true);
      expect(code === 0, `${where} ends with ${code}`).toBe(
        !answer.some((each) => each.startsWith('hypermesh:')),
      );
    }
    expect(known.size).toBe(8);
  });
});

describe('the commands of a mesh of three', () => {
  const say = async (machine: string, command: string) => {
    const child = spawn('bash', ['-c', command], { cwd: homeOf(machine), env: environment(machine) });
    const [stdout, stderr] = [collected(child), errorsOf(child)];
    const [code] = (await once(child, 'close')) as [number | null];
    return {
      code,
      stdout: stdout(),
      stderr: stderr(),
      json: () => JSON.parse(stdout().trim().split('\n').at(-1) ?? ''),
    };
  };

  it('order nothing and change nothing in a dry run', async () => {
    const lent = (await say('cedar', 'hypermesh memory lend 4096 --for 600 --json')).json();
    await level();
    const before = await standing();
    const dry: readonly [machine: string, command: string, code: number, says: RegExp][] = [
      ['amber', 'catalog publish hello', 0, /Would publish hello@1.0.0/],
      ['amber', 'catalog publish nowhere', 1, /nowhere/],
      ['cedar', 'catalog install hello', 0, /hello@1.0.0 .* (would be installed|is installed)/],
      ['cedar', 'catalog install nothing', 5, /nothing/],
      ['birch', 'run hello', 0, /at most +100000 base units/],
      ['birch', 'run hello --on cedar --fuel 1000000 --price 7', 0, /at most +7 base units/],
      [
        'birch',
        'run hello --fuel 999999999999999999 --price 999999999999999999',
        2,
        /lower --fuel or --price/,
      ],
      ['birch', 'run hello --fuel 100000000000000 --price 10000000', 1, /NOT ENOUGH/],
      ['birch', 'run hello --on birch', 2, /name another member/],
      ['birch', 'wallet transfer cedar 5', 0, /Would send 5 to cedar/],
      ['birch', `wallet transfer cedar ${'9'.repeat(17)}`, 1, /REFUSED/],
      ['birch', 'wallet transfer elm 5', 5, /members: /],
      ['cedar', 'memory lend 4096', 0, /Would lend 4.1 kB/],
      ['cedar', `memory lend ${2 ** 45}`, 1, /Would NOT lend/],
      ['cedar', `memory grant ${lent.address} --to amber`, 0, /Would let amber use/],
      ['cedar', 'memory grant fd48:4d00::1 --to amber', 5, /memory list/],
      ['cedar', 'assets policy cpu --share 5', 0, /share +5 %/],
      ['cedar', 'assets policy cpu --level private --type public', 4, /private goes with/],
      ['cedar', 'init', 1, /There is a node/],
    ];
    for (const [machine, command, code, says] of dry) {
      const ended = await say(machine, `hypermesh ${command} --dry-run`);
      expect(`${ended.stdout}${ended.stderr}`, command).toMatch(says);
      expect(ended.code, `${command}\n${ended.stdout}${ended.stderr}`).toBe(code);
      expect(ended.stdout, command).toContain('Dry run: nothing is done.');
    }
    const json = await say('birch', 'hypermesh wallet transfer cedar 5 --dry-run --json');
    expect(json.json()).toMatchObject({ v: 1, ok: true, command: 'wallet transfer', dryRun: true, fee: '0' });
    await level();
    expect(await standing()).toEqual(before);
    // The same comparison sees what is ordered.
    expect((await say('birch', 'hypermesh wallet transfer cedar 5')).code).toBe(0);
    await level();
    expect(await standing()).not.toEqual(before);
  });

  it('show bytes, rate and time left where a terminal looks, and nothing of it elsewhere', async (ctx) => {
    if ((await say('amber', 'script --version')).code !== 0) ctx.skip('script is not here');
    const large = join(homeOf('amber'), 'large');
    mkdirSync(large);
    writeFileSync(join(large, 'data.bin'), randomBytes(24_000_000));
    writeFileSync(
      join(large, 'catalog.yaml'),
      'apiVersion: catalog.v1\nkind: AssetPackage\nmetadata: { name: large, version: 1.0.0 }\nspec:\n  description: bytes\n  type: dataset.scientific\n  content: { files: [data.bin] }\n',
    );
    const inTerminal = (machine: string, command: string) =>
      say(machine, `stty cols 120 2>/dev/null; script -qc 'stty cols 120; ${command}' /dev/null`);
    const published = await inTerminal('amber', 'hypermesh catalog publish large');
    expect(published.stdout, published.stderr).toContain('Published large@1.0.0');
    expect(published.stdout).toMatch(
      /cutting and storing 1 files of large@1.0.0 {2}\[#*\.*\] +\d+ % {2}[\d.]+ MB of 24.0 MB/,
    );
    const installed = await inTerminal('birch', 'hypermesh catalog install large');
    expect(installed.stdout).toContain('Installed large@1.0.0');
    const again = await say('birch', 'hypermesh catalog verify large --deep');
    const plain = `${again.stdout}${again.stderr}`;
    for (const steering of ['\r', '\u001b']) expect(plain).not.toContain(steering);
  });

  it('refuse what cannot be meant, and say what to do: codes, exit codes and next steps of every kind', async () => {
    const wrong: readonly [command: string, code: number, error: string, next: RegExp][] = [
      ['catalog info nothing', 5, 'catalog/not-found', /./],
      ['catalog why nothing', 5, 'catalog/not-installed', /install nothing first/],
      ['catalog install hello@^9', 5, 'catalog/not-found', /other versions/],
      ['assets show tape', 5, 'node/not-found', /hypermesh assets list/],
      ['memory revoke nothing', 5, 'node/not-found', /hypermesh memory list/],
      ['memory read http://x', 2, 'node/bad-flag', /global address/],
      ['wallet settle nothing', 5, 'node/not-found', /./],
      ['extension info nothing', 5, 'node/not-found', /there are: hypermesh.catalog/],
      ['run hello --on nobody', 5, 'node/not-found', /members: /],
      ['run hello --input /nowhere', 2, 'node/bad-flag', /path of a file/],
      ['up', 1, 'node/already-running', /stop that process/],
    ];
    for (const [command, code, error, next] of wrong) {
      const ended = await say('amber', `hypermesh ${command} --json --quiet`);
      expect(ended.json(), command).toMatchObject({
        v: 1,
        ok: false,
        error: { code: error, next: expect.stringMatching(next) },
      });
      expect(ended.code, command).toBe(code);
      expect(ended.stderr).toMatch(/^hypermesh: .*\n {2}\S/);
    }
  });

  it('complete names that the running node knows', async () => {
    expect((await say('amber', 'hypermesh __complete members')).stdout).toBe('amber\nbirch\ncedar\n');
    expect((await say('birch', 'hypermesh __complete installed')).stdout).toContain('hello\n');
    expect((await say('birch', 'hypermesh __complete packages')).stdout).toBe('hello\nlarge\n');
    expect((await say('birch', 'hypermesh __complete extensions')).stdout).toBe('hypermesh.catalog\n');
  });
});

/** What stands on the ledger and on the nodes, as far as an operation could change it. */
async function standing(): Promise<object> {
  const seen: Record<string, object> = {};
  for (const [machine] of running) {
    const { controlSocket, path } = directoryOf(machine);
    using client = await connectControl(controlSocket, path);
    const call = (method: string, params: object) => client.call<Record<string, unknown>>(method, params);
    const { own, accounts, holds, history } = await call('wallet', { audit: true, limit: 50 });
    const { packages } = await call('list', {});
    const { packages: published } = await call('search', { verifiedOnly: false });
    const { regions, grants } = await call('memory-list', {});
    const { policy, history: changes } = await call('asset', { asset: 'cpu' });
    seen[machine] = { own, accounts, holds, history, packages, published, regions, grants, policy, changes };
  }
  return seen;
}

/** A person waits for the ledger to begin, and for what another machine ordered to arrive: the test does so on purpose. */
async function readyFor(command: string): Promise<void> {
  if (running.size === 3 && command !== 'hypermesh up') await level();
}

/** Resolves when every running node has applied what the others have. */
async function level(): Promise<void> {
  const heights: number[] = [];
  for (const [machine] of running) {
    const { controlSocket, path } = directoryOf(machine);
    using client = await connectControl(controlSocket, path);
    await client.call('final', { height: 1 });
    const { ledger } = await client.call<{ ledger?: { height: number } }>('status', {});
    heights.push(ledger?.height ?? 1);
  }
  for (const [machine] of running) {
    const { controlSocket, path } = directoryOf(machine);
    using client = await connectControl(controlSocket, path);
    await client.call('final', { height: Math.max(1, ...heights) });
  }
}
