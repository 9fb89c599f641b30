import { type ChildProcess, spawn } from 'node:child_process';
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
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const page = readPage(new URL('../../../docs/operating.md', import.meta.url));
const temporary = temporaryDirectory();
const folder = dirname(temporary.path);
const bin = join(folder, 'bin');
const homeOf = (machine: string): string => join(folder, machine);
const directoryOf = (machine: string) => dataDirectory(join(homeOf(machine), '.hypermesh'));
const running = new Map<string, ChildProcess>();

/** What the person types, on a machine that has a home of its own; addresses for examples are of this machine here. */
function typed(machine: string, command: string): ChildProcess {
  const here = command.replace(/quic:\/\/\[2001:db8::[0-9a-f]*\]:\d+/g, 'quic://[::1]:0');
  return spawn('bash', ['-c', command === 'hypermesh up' ? `exec ${here}` : `${here} 2>&1`], {
    cwd: homeOf(machine),
    env: { ...process.env, HOME: homeOf(machine), PATH: `${bin}:${process.env['PATH']}`, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function collected(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  child.stderr?.resume();
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
      await readyFor(command, machine);
      const child = typed(machine, command);
      const output = collected(child);
      if (command === 'hypermesh up') {
        running.set(machine, child);
        while (!fits(answer, output().replace(/[^\n]*$/, ''), known)) {
          if (child.exitCode !== null) break;
          await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
        }
        expect(child.exitCode, `${where}\n${output()}`).toBeNull();
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

/** A person waits for the ledger to begin, and for what another machine ordered to arrive: the test does so on purpose. */
async function readyFor(command: string, machine: string): Promise<void> {
  if (running.size < 3 || !command.startsWith('hypermesh') || command === 'hypermesh up') return;
  await level();
  void machine;
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
