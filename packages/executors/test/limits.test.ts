import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Exit, type Limit, openStatement, type Program, type RunRequest } from '../src/index.ts';
import { ECHO, guest, MEMORY_BOMB, RECURSE, SPIN, script } from './programs/guests.ts';
import { type Machine, openMachine, POLICY } from './programs/machine.ts';

let machine: Machine;
beforeAll(async () => {
  machine = await openMachine();
});
afterAll(() => machine?.[Symbol.asyncDispose]());

/** The limit, how its type enforces it, a program that runs into it, and where it stops. */
type Case = readonly [Limit['name'], Limit['enforcement'], Program, Exit, Partial<RunRequest>];

const js = (body: string): Program => script(`export default () => { ${body} }`);
const CASES: readonly Case[] = [
  ['fuel', 'hard', SPIN, 'out-of-fuel', { fuel: 1_000_000n }],
  ['fuel', 'hard', js('for (;;);'), 'out-of-fuel', { fuel: 50_000_000n }],
  ['memory', 'hard', MEMORY_BOMB, 'memory', { memoryPages: 64 }],
  [
    'memory',
    'hard',
    js('const all = []; for (;;) all.push(new ArrayBuffer(65536));'),
    'memory',
    { memoryPages: 200 },
  ],
  ['stack', 'hard', RECURSE, 'error', {}],
  ['stack', 'hard', js('const down = () => down() + 1; down();'), 'error', {}],
  ['output', 'hard', guest(0x42, 0x80, 0x80, 0x80, 0x01), 'memory', {}],
  ['output', 'hard', js(`return 'x'.repeat(${POLICY.maxOutputBytes + 1});`), 'memory', {}],
  ['deadline', 'reactive', SPIN, 'deadline', { fuel: POLICY.maxFuel, deadlineMs: 250 }],
  ['deadline', 'reactive', js('for (;;);'), 'deadline', { fuel: POLICY.maxFuel, deadlineMs: 250 }],
  ['network', 'hard', js(`return import('node:net');`), 'denied', {}],
  ['network', 'hard', js(`return fetch('http://[::1]/');`), 'error', {}],
  ['files', 'hard', js(`return import('node:fs');`), 'denied', {}],
  ['files', 'hard', js(`return import('../../etc/passwd');`), 'denied', {}],
  ['clock', 'hard', js('return Date.now();'), 'error', {}],
  ['clock', 'hard', ECHO, 'denied', { clockMs: 1 }],
  ['randomness', 'hard', js('return Math.random();'), 'error', {}],
  ['randomness', 'hard', ECHO, 'denied', { randomSeed: new Uint8Array(32) }],
];

describe('each limit', () => {
  it.each(CASES.map((each) => [each[0], each[2].type, each] as const))(
    'of %s stops a program of %s there, and the report says how it is enforced [executors-06]',
    async (_, __, [name, enforcement, program, exit, more]) => {
      const report = await machine.run({ program, ...more });
      expect(report.exit, report.detail).toBe(exit);
      const { limits } = report;
      expect(limits.find((limit) => limit.name === name)?.enforcement).toBe(enforcement);
      expect(limits.every(({ how }) => how.length > 10)).toBe(true);
      if (report.fuelUsed !== undefined)
        expect(report.fuelUsed).toBeLessThanOrEqual(more.fuel ?? 1_000_000_000n);
      const next = await machine.run({ program: ECHO, input: Uint8Array.of(7) });
      expect(next.output?.bytes).toEqual(Uint8Array.of(7));
    },
  );

  it('of a WebAssembly program that asks for network, files, clock or randomness by an import is denied by name [executors-06]', async () => {
    const module = Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0],
      ...[2, 13, 1, 4, 0x77, 0x61, 0x73, 0x69, 4, 0x6f, 0x70, 0x65, 0x6e, 0, 0],
    ]);
    const program = { type: 'vm.wasm', files: new Map([['main.wasm', module]]), entrypoint: 'main.wasm' };
    const report = await machine.run({ program });
    expect(report).toMatchObject({
      exit: 'denied',
      started: false,
      detail: expect.stringContaining('wasi.open'),
    });
  });

  it.each<[string, Program, string]>([
    [
      'a path of a script',
      { ...js(''), files: new Map([...js('').files, ['中'.repeat(400), new Uint8Array()]]) },
      'default',
    ],
    ['an export of a script', js(''), 'a'.repeat(201)],
    ['an operation of WebAssembly', ECHO, 'a'.repeat(201)],
  ])(
    'of the length of %s denies the run, which ends with a statement as any other',
    async (_, program, operation) => {
      const report = await machine.run({ program, operation });
      expect(report).toMatchObject({ exit: 'denied', fuelUsed: 0n });
      expect(openStatement(report.statement, machine.publicKey).ok).toBe(true);
    },
  );

  it('of runs at once is the claim: what goes beyond is denied with the rule, and frees itself', async () => {
    const spins = Array.from({ length: 6 }, () =>
      machine.run({ program: SPIN, fuel: POLICY.maxFuel, deadlineMs: 400, memoryPages: 1 }),
    );
    const exits = (await Promise.all(spins)).map(({ exit }) => exit).sort();
    expect(exits).toEqual(['deadline', 'deadline', 'deadline', 'deadline', 'denied', 'denied']);
    expect((await machine.run({ program: ECHO, input: Uint8Array.of(1) })).exit).toBe('ok');
  });
});
