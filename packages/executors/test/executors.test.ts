import { sha256, utf8 } from '@hypermesh/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExecutors, openStatement, type Program, wasmExecutor } from '../src/index.ts';
import { ECHO, LARGE, SPIN, script } from './programs/guests.ts';
import { HOST, type Machine, openMachine, POLICY } from './programs/machine.ts';

let machine: Machine;
let other: Machine;
beforeAll(async () => {
  [machine, other] = await Promise.all([openMachine(), openMachine()]);
});
afterAll(async () => {
  await machine?.[Symbol.asyncDispose]();
  await other?.[Symbol.asyncDispose]();
});

const UPPER = script(`export default (input) => new TextDecoder().decode(input).toUpperCase();`);
const GRANTS = { clockMs: 1_700_000_000_000, randomSeed: new Uint8Array(32).fill(3) };

describe('a run', () => {
  it('of WebAssembly and of JavaScript answers its output, its cost and a statement under the key of the node [executors-01]', async () => {
    for (const [program, expected] of [
      [ECHO, 'hello'],
      [UPPER, 'HELLO'],
    ] as const) {
      const report = await machine.run({ program, input: utf8('hello') });
      expect(report).toMatchObject({ exit: 'ok', started: true, detail: '' });
      expect(new TextDecoder().decode(report.output?.bytes)).toBe(expected);
      const opened = openStatement(report.statement, machine.publicKey);
      expect(opened).toMatchObject({
        ok: true,
        statement: {
          context: 'lease-1',
          type: program.type,
          exit: 'ok',
          fuel: report.fuelUsed,
          isFuelExact: true,
        },
      });
      expect(opened.ok && opened.statement.output).toEqual(sha256(utf8(expected)));
      expect(opened.ok && opened.statement.receipt).toEqual(report.receipt);
      expect(openStatement(report.statement, other.publicKey)).toEqual({
        ok: false,
        reason: 'bad-signature',
      });
    }
  });

  it('starts after its claim is committed, and releases it whatever happens', async () => {
    const order: string[] = [];
    const program = async (): Promise<Program> => {
      order.push(...machine.asked.splice(0), 'bring');
      return UPPER;
    };
    machine.asked.length = 0;
    await machine.run({
      program,
      start: () => {
        order.push(...machine.asked.splice(0), 'start');
        return true;
      },
    });
    expect([...order, ...machine.asked]).toEqual(['reserve', 'bring', 'commit', 'start', 'release']);
    for (const failing of [
      { program: SPIN, fuel: 1_000n },
      { program: { ...UPPER, type: 'library.python' } },
      { program: { ...ECHO, files: new Map([['main.wasm', utf8('no module')]]) } },
      { program: UPPER, start: () => false },
    ]) {
      machine.asked.length = 0;
      expect((await machine.run(failing)).exit).not.toBe('ok');
      expect(machine.asked.at(-1)).toBe('release');
    }
    machine.asked.length = 0;
    const broken = () => Promise.reject(new Error('the package is nowhere'));
    await expect(machine.run({ program: broken })).rejects.toThrow('nowhere');
    expect(machine.asked).toEqual(['reserve', 'release']);
  });

  it('is never started where the claim is refused or lost, and the reasons of the owner are told', async () => {
    let brought = 0;
    const reason = {
      asset: 'cpu',
      kind: 'cpu',
      code: 'sharing-level',
      rule: 'lent to friends',
      remedy: 'ask',
    };
    const program = async () => {
      brought++;
      return UPPER;
    };
    const claims = {
      commit: async () => ({ ok: true }) as const,
      release: async () => undefined,
      explain: () => [reason],
    };
    await using refusing = await openMachine({
      claims: { ...claims, reserve: async () => ({ ok: false, reasons: [reason] }) },
    });
    const refused = await refusing.run({ program });
    expect(refused).toMatchObject({ exit: 'denied', started: false, fuelUsed: 0n, reasons: [reason] });
    expect(brought).toBe(0);
    await using losing = await openMachine({
      claims: {
        ...claims,
        reserve: async () => ({ ok: true, claim: { id: 'c' } }),
        commit: async () => ({ ok: false, reason: 'it ran out' }),
      },
    });
    const lost = await losing.run({ program, start: () => expect.unreachable() });
    expect(lost).toMatchObject({
      exit: 'denied',
      started: false,
      detail: expect.stringContaining('it ran out'),
    });
  });

  it('beyond what the owner allows is refused before anything is claimed', async () => {
    for (const more of [
      { fuel: POLICY.maxFuel + 1n },
      { memoryPages: POLICY.maxMemoryPages + 1 },
      { deadlineMs: POLICY.maxDeadlineMs + 1 },
      { fuel: 0n },
    ]) {
      machine.asked.length = 0;
      expect(await machine.run({ program: UPPER, ...more })).toMatchObject({
        exit: 'denied',
        started: false,
      });
      expect(machine.asked).toEqual([]);
    }
  });

  it('with an output too large for an answer gives it as content', async () => {
    const size = 100_000;
    const report = await machine.run({ program: script(`export default () => 'x'.repeat(${size});`) });
    expect(report.output).toMatchObject({ size, root: expect.any(String) });
    expect(report.output?.bytes).toBeUndefined();
    const stored = machine.stored.get(report.output?.root ?? '');
    expect(stored).toHaveLength(size);
    expect(sha256(stored ?? new Uint8Array())).toEqual(report.output?.sha256);
  });

  it('ends when it is aborted, and the claim is released', async () => {
    const controller = new AbortController();
    machine.asked.length = 0;
    const running = machine.run({
      program: SPIN,
      fuel: POLICY.maxFuel,
      signal: controller.signal,
      start: () => {
        setImmediate(() => controller.abort(new Error('enough')));
        return true;
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(machine.asked.at(-1)).toBe('release');
  });
});

describe('another machine', () => {
  const requests = [
    { program: ECHO, operation: 'run', input: utf8('again') },
    { program: UPPER, operation: 'default', input: utf8('again') },
  ];

  it('that executes a receipt again finds the same output and fuel [consensus-06]', async () => {
    for (const request of requests) {
      const first = await machine.run(request);
      const again = await other.executors.reexecute(first.receipt ?? new Uint8Array(), {
        ...{
          work: request,
          requester: 'auditor',
          fuel: first.fuelUsed ?? 0n,
          memoryPages: 256,
          deadlineMs: 60_000,
        },
      });
      expect(again).toEqual({ matches: true, output: first.output?.bytes });
    }
  });

  it('finds a receipt of another input, program, or operation, and says what differs', async () => {
    for (const request of requests) {
      const first = await machine.run(request);
      const ask = { requester: 'auditor', fuel: 10n ** 9n, memoryPages: 256, deadlineMs: 60_000 };
      const again = (more: object, receipt = first.receipt ?? new Uint8Array()) =>
        other.executors.reexecute(receipt, { ...ask, work: { ...request, ...more }, ...more });
      expect(await again({ input: utf8('other') })).toMatchObject({ matches: false, differs: 'input' });
      expect(await again({ operation: 'other' })).toMatchObject({ matches: false, differs: 'op' });
      expect(await again({ memoryPages: 255 })).toMatchObject({ matches: false });
      expect(await again({}, utf8('no receipt'))).toMatchObject({ matches: false, differs: 'receipt' });
      const program = request.program === ECHO ? LARGE : script('export default () => 1;');
      expect(await again({ program })).toMatchObject({ matches: false });
    }
  });

  it('has the same clock and random numbers from the receipt alone', async () => {
    const program = script('export default () => [Date.now(), Math.random()].join();');
    const first = await machine.run({ program, ...GRANTS });
    expect(first.exit).toBe('ok');
    const again = await other.executors.reexecute(first.receipt ?? new Uint8Array(), {
      ...{ work: { program, operation: 'default', input: new Uint8Array() }, requester: 'auditor' },
      ...{ fuel: 10n ** 9n, memoryPages: 256, deadlineMs: 60_000 },
    });
    expect(again).toMatchObject({ matches: true });
  });
});

describe('executors', () => {
  it('offer what their probes proved', async () => {
    const offer = machine.executors.offer({ node: 'n', name: 'node-1', requester: 'asker' });
    expect(JSON.parse(JSON.stringify(offer))).toEqual(offer);
    expect(offer.capabilities.map(({ isAvailable, types }) => [isAvailable, ...types])).toEqual([
      [true, 'vm.wasm'],
      [true, 'library.javascript'],
    ]);
    await using lame = await createExecutors(
      [
        {
          types: ['library.python'],
          probe: async () => ({ isAvailable: false, types: ['library.python'], reason: 'no python3 here' }),
          prepare: async () => expect.unreachable(),
          [Symbol.asyncDispose]: async () => undefined,
        },
      ],
      { ...(await portsOf()) },
      { policy: POLICY, host: HOST },
    );
    const report = await lame.run({
      work: { program: { ...UPPER, type: 'library.python' }, operation: 'x', input: new Uint8Array() },
      fuel: 1n,
      ...{ memoryPages: 1, deadlineMs: 1, requester: 'a', context: '' },
    });
    expect(report).toMatchObject({
      exit: 'denied',
      started: false,
      detail: expect.stringContaining('no python3'),
    });
  });

  it('refuse two of the same type', async () => {
    const list = [wasmExecutor(), wasmExecutor()];
    await expect(
      createExecutors(list, await portsOf(), { policy: POLICY, host: HOST }),
    ).rejects.toMatchObject({
      code: 'executors/type-twice',
    });
    for (const each of list) await each[Symbol.asyncDispose]();
  });
});

async function portsOf() {
  const { createBoundedClaims } = await import('../src/index.ts');
  const { createSigner, generateKey } = await import('@hypermesh/core/ed25519');
  return {
    claims: createBoundedClaims({ runs: 1, memoryBytes: 2 ** 30 }),
    outputs: { put: async () => ({ root: 'r' }) },
    signer: createSigner(generateKey().secretKey),
    monotonicMs: () => 0,
  };
}
