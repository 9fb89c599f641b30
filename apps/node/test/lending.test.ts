import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { dataDirectory } from '../src/data-directory.ts';
import type { AssetReport } from '../src/inventory/report.ts';
import type { ExplainOutcome } from '../src/run/asking.ts';
import { writeEchoPackage } from './echo-package.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = temporaryDirectory();
const data = (name: string) => ['--data', dataDirectory(join(folder.path, name)).path] as const;
const nodes: RunningNode[] = [];

beforeAll(async () => {
  const made = await hypermesh('init', ...data('amber'), '--name', 'amber', '--validators', '3');
  expect(made.code, made.stderr).toBe(0);
  nodes.push(await startNode(data('amber')[1]));
  const listed = await hypermesh('invite', ...data('amber'), '--json');
  for (const [index, name] of ['birch', 'cedar'].entries()) {
    const invitation = (listed.json()['invitations'] as string[])[index] ?? '';
    const joined = await hypermesh('join', invitation, ...data(name), '--name', name);
    expect(joined.code, joined.stderr).toBe(0);
    nodes.push(await startNode(data(name)[1]));
  }
  const path = join(folder.path, 'package');
  writeEchoPackage(path);
  const published = await hypermesh('catalog', 'publish', path, ...data('amber'), '--json');
  expect(published.code, published.stderr).toBe(0);
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()));
  folder[Symbol.dispose]();
});

it('a node runs for others under the policy of its owner: what it does not lend it refuses before anything starts', async () => {
  const [amber, birch] = nodes as [RunningNode, RunningNode];
  const policy = async (...flags: string[]) => {
    const changed = await hypermesh('assets', 'policy', 'cpu', ...flags, ...data('birch'), '--json');
    expect(changed.code, changed.stderr).toBe(0);
  };
  const run = async () =>
    (await hypermesh('run', 'echo', '--on', 'birch', ...data('amber'), '--json')).json();
  const explained = async () => {
    const { nodes: found } = await amber.call<ExplainOutcome>('explain', { spec: 'echo' });
    return found.find(({ name }) => name === 'birch')?.canRun;
  };

  await policy('--share', '0');
  expect(await explained()).toBe(false);
  expect(await run()).not.toMatchObject({ exit: 'ok' });
  expect(birch.log()).not.toContain('run.start');

  await policy('--share', '100');
  expect(await explained()).toBe(true);
  expect(await run()).toMatchObject({ exit: 'ok', outputText: 'the same bytes again' });
  expect(birch.log()).toContain('run.start');
  const { own } = await birch.call<{ own: readonly AssetReport[] }>('assets');
  expect(own.map(({ state, leases }) => [state, leases])).toEqual(Array(3).fill(['available', 0]));
  const { history } = await birch.call<AssetReport>('asset', { asset: 'cpu' });
  const steps = history?.map(({ transition }) => transition);
  expect(steps).toEqual(['announce', 'allocate', 'activate', 'release']);

  await policy('--level', 'private', '--type', 'private');
  expect(await explained()).toBe(false);
  expect(await run()).not.toMatchObject({ exit: 'ok' });
});
