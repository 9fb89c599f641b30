import { afterAll, describe, expect, it } from 'vitest';
import { Cursor } from '../src/check/cursor.ts';
import { step } from '../src/check/decode.ts';
import { checkMetered, meter, openRunner } from '../src/index.ts';
import { encodeModule, F32, I64, type Instruction, type ModuleSpec, unsigned } from './modules/encoder.ts';
import { guest } from './modules/guests.ts';

/*
 * Metered modules that were altered by hand, each of them valid WebAssembly, so that a guest would run for less than it
 * pays or beyond its bounds.
 */

const runner = openRunner({ workers: 1 });
afterAll(() => runner[Symbol.asyncDispose]());

function metered(spec: ModuleSpec): string {
  const verdict = meter(encodeModule(spec));
  if (!verdict.ok) throw new Error(verdict.detail);
  expect(checkMetered(verdict.module)).toMatchObject({ ok: true });
  return Buffer.from(verdict.module).toString('hex');
}

/** A module from hexadecimal text, in which each `from` occurs once and becomes a `to` of the same length. */
function forge(hex: string, ...changes: readonly (readonly [from: string, to: string])[]): Uint8Array {
  let text = hex;
  for (const [from, to] of changes) {
    expect(to.length).toBe(from.length);
    expect(text.split(from).length).toBe(2);
    text = text.replace(from, to);
  }
  const bytes = Uint8Array.from(Buffer.from(text, 'hex'));
  expect(WebAssembly.validate(bytes)).toBe(true);
  return bytes;
}

/** A guest with types enough that a reference to one takes two bytes. */
function manyTypes(body: readonly Instruction[]): ModuleSpec {
  const spec = guest([[0x42, 0]]);
  const functions = spec.functions.map((each, at) => (at === 2 ? { ...each, body } : each));
  const types = [...spec.types, ...Array.from({ length: 5_200 }, () => ({ params: [], results: [] }))];
  return { ...spec, types, functions };
}

describe('a type of two bytes, whose second a careless reader takes for an instruction', () => {
  // i32.const of three bytes and drop: five bytes, two units of fuel.
  const place = (mark: number): Instruction[] => [[0x41, 0x80 + mark, 0x81, 0x01], [0x1a]];
  const hex = metered(manyTypes([...place(1), ...place(2), ...place(3), [0x41, 0x01], [0x1a], [0x42, 0x00]]));
  // ref.null of type 0x1405 is read as ref.null and i32.load, and the load's two immediates hide two bytes of code.
  const forged = forge(
    hex,
    ['418181011a', 'd085280340'], // loop
    ['418281011a', 'd085280c00'], // br 0
    ['418381011a', 'd085281a0b'], // drop, end
    ['41011a', '01d11a'],
  );

  it('does not hide a loop that costs nothing', async () => {
    expect(checkMetered(forged)).toMatchObject({ ok: false, reason: 'unsupported' });
    const result = await runner.run({ module: forged, fuel: 1_000n, deadlineMs: 20_000 });
    expect(result).toMatchObject({ ok: false, reason: 'denied' });
  });

  it.each<[string, number[]]>([
    ['ref.null', [0xd0, 0x85, 0x28, 0x03, 0x40]],
    ['block', [0x02, 0x63, 0x85, 0x28, 0x03, 0x40]],
    ['block, written long', [0x02, 0xf0, 0x7f]],
    ['select', [0x1c, 0x01, 0x64, 0x70]],
  ])('is refused in a %s', (_, code) => {
    const bytes = Uint8Array.from([...code, 0x0b, 0x0b, 0x0b, 0x0b]);
    expect(() => step(new Cursor(bytes, 0, bytes.length))).toThrow(/value type/);
  });
});

const FLOAT: ModuleSpec['types'] = [{ params: [F32], results: [F32] }];
const RUN: ModuleSpec['exports'] = [{ name: 'run', kind: 0, index: 0 }];
const room = (count: number): Instruction[] => Array.from({ length: count }, () => [0x01]);

describe('work between the instructions that are paid for', () => {
  it('is no second look for a NaN', () => {
    const body = [[0x20, 0], [0x20, 0], [0x92], ...room(13)];
    const hex = metered({ types: FLOAT, functions: [{ type: 0, locals: [], body }], exports: RUN });
    const look = '2201430000c07f200120015b1b';
    const forged = forge(hex, [`${look}${'01'.repeat(13)}`, `${look}${look}`]);
    expect(checkMetered(forged).ok).toBe(false);
  });

  it('is no charge of nothing', () => {
    const body = [[0x03, 0x40], [0x41, 0], [0x0d, 0], ...room(10), [0x0b], [0x20, 0]];
    const hex = metered({ types: FLOAT, functions: [{ type: 0, locals: [], body }], exports: RUN });
    const charge = '200142017d2101';
    const nothing = '200142007d2101';
    // A try without anything in it begins a run of its own.
    const forged = forge(hex, [`${charge}${'01'.repeat(10)}`, `06400b${nothing}${charge}`]);
    expect(checkMetered(forged)).toMatchObject({ ok: false, reason: 'uncharged-block' });
  });

  it('is no zeroing of locals that the entry does not pay for', () => {
    const hex = metered({
      types: [{ params: [], results: [] }],
      functions: [{ type: 0, locals: Array<number>(3).fill(I64), body: [[0x01], [0x01], [0x01]] }],
      exports: [{ name: 'run', kind: 0, index: 0 }],
    });
    // Four runs: 1, 1, 1 of i64 and the parting one; the parting run comes first and the second becomes 40,000.
    const forged = forge(hex, [`04017e017e017e007f`, `03007f017ec0b8027e`]);
    expect(checkMetered(forged)).toMatchObject({ ok: false, reason: 'uncharged-entry' });
  });
});

describe('what a module names', () => {
  it('is one name alone: no mark of byte order is passed over', () => {
    const spec = guest([[0x42, 0]]);
    const exports = [...(spec.exports ?? []), { name: 'xxxhm:fuel', kind: 3, index: 0 }];
    const hex = metered({ ...spec, exports });
    const forged = forge(hex, [
      Buffer.from('xxxhm:fuel').toString('hex'),
      Buffer.from('\u{feff}hm:fuel').toString('hex'),
    ]);
    const verdict = checkMetered(forged);
    expect(verdict).toMatchObject({ ok: true });
    expect(
      checkMetered(
        forge(Buffer.from(forged).toString('hex'), [
          `${Buffer.from('\u{feff}hm:fuel').toString('hex')}0300`,
          `${Buffer.from('\u{feff}hm:fuel').toString('hex')}0301`,
        ]),
      ),
    ).toMatchObject({ ok: false, reason: 'counter-exposed' });
  });
});

describe('a recursion through a table', () => {
  const spec: ModuleSpec = {
    types: [{ params: [], results: [] }],
    functions: [
      {
        type: 0,
        locals: [],
        body: [
          [0x41, 0],
          [0xd2, 0],
          [0x26, 0],
          [0x41, 0],
          [0x11, 0, 0],
        ],
      },
    ],
    tables: [{ min: 1 }],
    exports: [{ name: 'run', kind: 0, index: 0 }],
  };

  it('is seen where the function is named by its own code and an export alone', async () => {
    const hex = metered(spec);
    // What takes, tests and gives back the stack, and the block around the body, become nothing.
    const take = '2302410e6b24022302410048044023014104722401000b0240';
    const give = '0b2302410e6a2402';
    const forged = forge(hex, [take, '01'.repeat(take.length / 2)], [give, '01'.repeat(give.length / 2)]);
    expect(checkMetered(forged)).toMatchObject({ ok: false, reason: 'unbounded-stack' });
  });

  it('must take the operands that lie open into account', () => {
    const deep: ModuleSpec = {
      types: [{ params: [], results: [] }],
      functions: [
        {
          type: 0,
          locals: [],
          body: [
            ...Array.from({ length: 40 }, () => [0x42, 0]),
            [0x10, 0],
            ...Array.from({ length: 40 }, () => [0x1a]),
          ],
        },
      ],
      exports: [{ name: 'run', kind: 0, index: 0 }],
    };
    const hex = metered(deep);
    const units = 12 + 40;
    const at = Buffer.from([0x23, 2, 0x41, units, 0x6b]).toString('hex');
    const less = Buffer.from([0x23, 2, 0x41, units - 1, 0x6b]).toString('hex');
    const give = Buffer.from([0x41, units, 0x6a]).toString('hex');
    const giveLess = Buffer.from([0x41, units - 1, 0x6a]).toString('hex');
    expect(checkMetered(forge(hex, [at, less], [give, giveLess]))).toMatchObject({
      ok: false,
      reason: 'unbounded-stack',
    });
  });
});

describe('what an engine makes before any fuel is spent', () => {
  it('is bounded: tables, by the sum of their maxima', () => {
    const hex = metered({
      types: [],
      functions: [],
      tables: [
        { min: 1, max: 100_000 },
        { min: 1, max: 100_000 },
      ],
    });
    const one = `70010180 8004`.replaceAll(' ', '');
    expect(hex.split(one).length).toBe(3);
    const large = `700101${Buffer.from(unsigned(1_000_000)).toString('hex')}`;
    expect(large.length).toBe(one.length);
    const forged = Uint8Array.from(Buffer.from(hex.replaceAll(one, large), 'hex'));
    expect(WebAssembly.validate(forged)).toBe(true);
    expect(checkMetered(forged, { tableMax: 10_000_000 })).toMatchObject({
      ok: false,
      reason: 'maximum-missing',
    });
  });
});
