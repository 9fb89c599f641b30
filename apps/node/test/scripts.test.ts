import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256, toHex, utf8 } from '@hypermesh/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { failureOf, temporaryDirectory } from './support.ts';
import { openThreeMembers, type ThreeMembers } from './three-members.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { signal } = new AbortController();
const tell = () => undefined;
let mesh: ThreeMembers;

const PROGRAM = {
  'index.js': `import { shout } from 'shouting';
    export default (input) => shout(new TextDecoder().decode(input));
    export const large = () => 'x'.repeat(1000000);
    export const now = () => [Date.now(), Math.random()].join();
    export const spin = () => { for (;;); };
    export const bomb = () => { const all = []; for (;;) all.push(new ArrayBuffer(65536)); };
    export const steal = () => import('node:fs');
    export const fail = () => { throw new Error('by itself'); };`,
};
const LIBRARY = {
  'main.js': 'exports.shout = (text) => text.toUpperCase() + "!";',
  'package.json': '{"name":"shouting","main":"main.js"}',
};

beforeAll(async () => {
  mesh = await openThreeMembers();
  await mesh.publishScript('shouting', LIBRARY);
  await mesh.publishScript('shouter', PROGRAM, { shouting: '^1.0.0' });
});

afterAll(() => mesh?.[Symbol.asyncDispose]());

const run = (change: object = {}) =>
  mesh.runs.run(
    {
      spec: 'shouter',
      executor: mesh.members.cedar.nodeId,
      auditor: mesh.members.amber.nodeId,
      fuel: 500_000_000n,
      memoryPages: 128,
      deadlineMs: 20_000,
      ...change,
    },
    tell,
    signal,
  );

describe('a run of JavaScript', () => {
  it('takes an input of the asker, starts after its four proofs, is metered, and another node finds the same [executors-01]', async () => {
    mesh.started.length = 0;
    const outcome = await run({ input: utf8('any file') });
    expect(outcome).toMatchObject({
      package: 'shouter@1.0.0',
      node: 'cedar',
      exit: 'ok',
      outputText: 'ANY FILE!',
      reexecutedBy: 'amber',
      matches: true,
      proofs: { space: 'valid', stake: 'valid', work: 'valid', time: 'valid' },
    });
    expect(mesh.started).toEqual(['cedar']);
    expect(BigInt(outcome.fuel)).toBeGreaterThan(1_000_000n);
    expect(BigInt(outcome.charge)).toBe((BigInt(outcome.fuel) * 10n + 999_999n) / 1_000_000n);
    expect(outcome.limits.map(({ name }) => name)).toContain('memory');
  });

  it('brings an output too large for an answer as content, and writes it to a file', async () => {
    using folder = temporaryDirectory();
    const outputFile = join(folder.path, '..', 'output');
    const outcome = await run({ operation: 'large', memoryPages: 256, outputFile });
    expect(outcome).toMatchObject({ exit: 'ok', outputBytes: 1_000_000, outputFile, matches: true });
    expect(outcome.outputText).toBeUndefined();
    expect(toHex(sha256(readFileSync(outputFile)))).toBe(outcome.outputDigest);
  });

  it('has the clock and the seed of its lease, and the second node has the same', async () => {
    expect(await run({ operation: 'now' })).toMatchObject({ exit: 'error', reexecutedBy: null });
    const randomSeed = new Uint8Array(32).fill(9);
    const outcome = await run({ operation: 'now', clockMs: 1_700_000_000_000, randomSeed });
    expect(outcome).toMatchObject({ exit: 'ok', matches: true });
    expect(outcome.outputText).toMatch(/^1700000000000,0\.\d+$/);
  });

  it.each([
    ['spin', 'out-of-fuel'],
    ['bomb', 'memory'],
    ['steal', 'denied'],
    ['fail', 'error'],
  ] as const)(
    'whose export is %s ends with %s, and the node serves the next [executors-06]',
    async (operation, exit) => {
      const outcome = await run({ operation });
      expect(outcome).toMatchObject({ exit, outputDigest: null, reexecutedBy: null, matches: false });
      expect(
        outcome.limits.every(({ enforcement }) => /^(?:hard|reactive|advisory)$/.test(enforcement)),
      ).toBe(true);
      expect((await run({ input: utf8('next') })).outputText).toBe('NEXT!');
    },
  );

  it('with an input that is too large is not leased', async () => {
    const failure = await failureOf(() => run({ input: new Uint8Array(33 * 2 ** 20) }));
    expect(failure).toMatchObject({ code: 'node/bad-flag', flag: '--input' });
  });
});

describe('an explanation', () => {
  it('names for every node each requirement, met or not, with what the node has for it', async () => {
    const found = await mesh.runs.explain('shouter', {}, tell, signal);
    expect(found).toMatchObject({ package: 'shouter@1.0.0', silent: [] });
    expect(found.nodes.map(({ name, canRun }) => [name, canRun])).toEqual([
      ['amber', true],
      ['birch', true],
      ['cedar', true],
    ]);
    const [type] = found.nodes[0]?.findings ?? [];
    expect(type).toMatchObject({ requirement: 'type', ok: true, asked: 'library.javascript' });
    expect(type?.offered).toMatch(/^quickjs baf/);
    const more = { memory: { bytes: 2 ** 30 }, gpu: { type: 'CUDA' }, type: 'library.julia' };
    const none = await mesh.runs.explain('shouter', more, tell, signal);
    for (const { canRun, findings } of none.nodes) {
      expect(canRun).toBe(false);
      expect(findings.filter(({ ok }) => !ok).map(({ requirement }) => requirement)).toEqual([
        'type',
        'memory',
        'gpu',
      ]);
    }
  });
});
