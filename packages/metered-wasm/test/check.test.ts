import { describe, expect, it } from 'vitest';
import { parseModule } from '../src/binary/parse.ts';
import { checkMetered, meter } from '../src/index.ts';
import { assemble } from '../src/meter/assemble.ts';
import type { Plan } from '../src/meter/emit.ts';
import { Layout } from '../src/meter/layout.ts';
import { planFunctions } from '../src/meter/plan.ts';
import { STACK_UNITS } from '../src/profile.ts';
import { encodeModule, I32, type Instruction, type ModuleSpec, signed } from './modules/encoder.ts';

/** One function with everything that metering has to see, and one that calls itself. */
const BODY: readonly Instruction[] = [
  [0x03, 0x40], // loop
  [0x20, 0],
  [0x41, 1],
  [0x6b],
  [0x22, 0],
  [0x0d, 0],
  [0x0b],
  [0x41, 0],
  [0x41, 7],
  [0x41, ...signed(64)],
  [0xfc, 11, 0], // memory.fill
  [0x41, 1],
  [0x40, 0], // memory.grow
  [0x1a],
  [0xd0, 0x70],
  [0x41, 1],
  [0xfc, 15, 0], // table.grow
  [0x1a],
  [0x20, 0],
  [0x10, 1],
];
const RECURSIVE: readonly Instruction[] = [
  [0x20, 0],
  [0x04, 0x40],
  [0x20, 0],
  [0x41, 1],
  [0x6b],
  [0x10, 1],
  [0x1a],
  [0x0b],
  [0x20, 0],
];
const SPEC: ModuleSpec = {
  types: [{ params: [I32], results: [I32] }],
  functions: [
    { type: 0, locals: [], body: BODY },
    { type: 0, locals: [], body: RECURSIVE },
  ],
  tables: [{ min: 1 }],
  memory: { min: 1 },
  globals: [{ type: I32, init: [0x41, 0] }],
  exports: [
    { name: 'run', kind: 0, index: 0 },
    { name: 'counter', kind: 3, index: 0 },
  ],
};
const BYTES = encodeModule(SPEC);

/** Assembles the module as a rewriter with a fault would. */
function faulty(
  change: (plan: Plan, own: number) => Plan,
  layoutChange?: (layout: Layout) => Layout,
): Uint8Array {
  const shape = parseModule(BYTES);
  const layout = new Layout(shape, 1_024, [65_536], STACK_UNITS);
  const module = assemble(layoutChange?.(layout) ?? layout, planFunctions(shape).map(change));
  expect(WebAssembly.validate(module)).toBe(true);
  return module;
}

const recharged = (plan: Plan, at: number, by: (fuel: number) => number): Plan => {
  const fuelBefore = plan.charges.fuelBefore.slice();
  fuelBefore[at] = by(fuelBefore[at] as number);
  return { ...plan, charges: { ...plan.charges, fuelBefore } };
};
/** The emitter takes the instruction for a `nop` and copies its bytes as they are. */
const overlooked = (plan: Plan, op: number): Plan => ({
  ...plan,
  code: { ...plan.code, ops: plan.code.ops.map((each) => (each === op ? 0x01 : each)) },
});
const onlyFirst = (change: (plan: Plan) => Plan) => (plan: Plan, own: number) =>
  own === 0 ? change(plan) : plan;
const onlySecond = (change: (plan: Plan) => Plan) => (plan: Plan, own: number) =>
  own === 1 ? change(plan) : plan;

function good(): Uint8Array {
  const verdict = meter(BYTES);
  if (!verdict.ok) throw new Error(verdict.detail);
  return verdict.module;
}

/** Replaces the only run of bytes that equals `from`. */
function patched(bytes: Uint8Array, from: readonly number[], to: readonly number[]): Uint8Array {
  const hex = Buffer.from(bytes).toString('hex');
  const wanted = Buffer.from(from).toString('hex');
  const at = hex.indexOf(wanted);
  expect(at % 2).toBe(0);
  expect(hex.indexOf(wanted, at + 2)).toBe(-1);
  return Uint8Array.from(Buffer.from(hex.replace(wanted, Buffer.from(to).toString('hex')), 'hex'));
}

const nops = (count: number) => Array<number>(count).fill(0x01);

describe('the independent check', () => {
  it('accepts what the rewriter gives, and what a rewriter without faults assembles', () => {
    expect(checkMetered(good())).toMatchObject({ ok: true, memoryMaxPages: 1_024 });
    expect(
      Buffer.compare(
        faulty((plan) => plan),
        good(),
      ),
    ).toBe(0);
  });

  it.each<readonly [string, () => Uint8Array, string]>([
    [
      'leaves out the charge of a loop header',
      () => faulty(onlyFirst((p) => recharged(p, 1, () => 0))),
      'uncharged-loop',
    ],
    [
      'charges a loop header one unit too little',
      () => faulty(onlyFirst((p) => recharged(p, 1, (f) => f - 1))),
      'uncharged-block',
    ],
    [
      'charges an entry one unit too little',
      () => faulty(onlyFirst((p) => recharged(p, 0, (f) => f - 1))),
      'uncharged-block',
    ],
    ['charges an entry nothing', () => faulty(onlyFirst((p) => recharged(p, 0, () => 0))), 'uncharged-block'],
    [
      'charges an entry less than nothing',
      () => faulty(onlyFirst((p) => recharged(p, 0, () => -50))),
      'uncharged-block',
    ],
    [
      'leaves out the charge behind a branch',
      () => faulty(onlyFirst((p) => recharged(p, 6, () => 0))),
      'uncharged-block',
    ],
    [
      'charges one unit too much',
      () => faulty(onlySecond((p) => recharged(p, 2, (f) => f + 1))),
      'uncharged-block',
    ],
    ['overlooks memory.fill', () => faulty(onlyFirst((p) => overlooked(p, 0x10b))), 'uncharged-bulk'],
    ['overlooks memory.grow', () => faulty(onlyFirst((p) => overlooked(p, 0x40))), 'uncharged-bulk'],
    ['overlooks table.grow', () => faulty(onlyFirst((p) => overlooked(p, 0x10f))), 'uncharged-bulk'],
    [
      'overlooks that a call may change the counter',
      () => faulty(onlyFirst((p) => overlooked(p, 0x10))),
      'counter-altered',
    ],
    [
      'does not count the stack of a recursion',
      () => faulty(onlySecond((p) => ({ ...p, stackUnits: 0 }))),
      'unbounded-stack',
    ],
    [
      'counts too little stack',
      () => faulty(onlySecond((p) => ({ ...p, stackUnits: 3 }))),
      'unbounded-stack',
    ],
    [
      'pays for tables what memory costs',
      () =>
        patched(
          good(),
          [0x41, 0x07, 0x41, 0xc0, 0x00, 0x20, 0x01, 0x24, 0x01, 0x10, 0x02],
          [0x41, 0x07, 0x41, 0xc0, 0x00, 0x20, 0x01, 0x24, 0x01, 0x10, 0x04],
        ),
      'uncharged-bulk',
    ],
    [
      'does not put the counter back before a call',
      () =>
        patched(
          good(),
          [0x20, 0x00, 0x20, 0x01, 0x24, 0x01, 0x10, 0x01],
          [0x20, 0x00, ...nops(4), 0x10, 0x01],
        ),
      'counter-altered',
    ],
    [
      'has no charge at an entry',
      () =>
        patched(
          good(),
          [
            0x23, 0x01, 0x42, 0x01, 0x7d, 0x22, 0x01, 0x42, 0x00, 0x53, 0x04, 0x40, 0x20, 0x01, 0x24, 0x01,
            0x00, 0x0b,
          ],
          nops(18),
        ),
      'uncharged-entry',
    ],
    [
      'exports the counter',
      () => patched(good(), [7, ...Buffer.from('counter'), 3, 0], [7, ...Buffer.from('counter'), 3, 1]),
      'counter-exposed',
    ],
    [
      'lets the guest write the counter',
      () => patched(good(), [0x41, 0x01, 0x6b, 0x22, 0x00], [0x41, 0x01, 0x6b, 0x22, 0x01]),
      'invalid',
    ],
    [
      'forgets the maximum of the memory',
      () => patched(good(), [5, 5, 1, 1, 1, 0x80, 0x08], [5, 3, 1, 0, 1]),
      'maximum-missing',
    ],
    [
      'forgets the maximum of a table',
      () => patched(good(), [4, 7, 1, 0x70, 1, 1, 0x80, 0x80, 0x04], [4, 4, 1, 0x70, 0, 1]),
      'maximum-missing',
    ],
  ])('names the fault of a rewriter that %s', (_, make, reason) => {
    const verdict = checkMetered(make());
    expect(verdict.ok ? 'passed' : verdict.reason).toMatch(
      reason === 'invalid' ? /invalid|counter-altered/ : reason,
    );
  });

  it('refuses a module that is not metered, and one of another profile', () => {
    expect(checkMetered(BYTES)).toMatchObject({ ok: false, reason: 'not-metered' });
    const other = patched(good(), [...Buffer.from('hm-det-1')], [...Buffer.from('hm-det-9')]);
    expect(checkMetered(other)).toMatchObject({ ok: false, reason: 'not-metered' });
  });

  it('holds the module to the bounds of who asks', () => {
    expect(checkMetered(good(), { memoryMaxPages: 1_023 })).toMatchObject({ reason: 'maximum-missing' });
    expect(checkMetered(good(), { tableMax: 65_535 })).toMatchObject({ reason: 'maximum-missing' });
    const imports = [{ module: 'env', name: 'clock', type: 0 }];
    const verdict = meter(encodeModule({ ...SPEC, functions: [], exports: [], imports }), {
      allowImports: ['env.clock'],
    });
    if (!verdict.ok) throw new Error(verdict.detail);
    expect(checkMetered(verdict.module)).toMatchObject({ ok: false, reason: 'import-not-allowed' });
    expect(checkMetered(verdict.module, { allowImports: ['env.clock'] })).toMatchObject({ ok: true });
  });

  it('refuses a start function, which would run before fuel is set', () => {
    const start = [8, 1, 1];
    const module = good();
    const codeAt = findSection(module, 10);
    const withStart = Uint8Array.from([...module.subarray(0, codeAt), ...start, ...module.subarray(codeAt)]);
    expect(checkMetered(withStart)).toMatchObject({ ok: false, reason: 'uncharged-entry' });
  });
});

/** Offset of a section's id. */
function findSection(bytes: Uint8Array, wanted: number): number {
  let at = 8;
  while (at < bytes.length) {
    const from = at;
    const id = bytes[at++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      size |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (id === wanted) return from;
    at += size;
  }
  throw new Error(`no section ${wanted}`);
}
