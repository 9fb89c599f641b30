import { describe, expect, it } from 'vitest';
import { meter } from '../src/index.ts';
import {
  encodeModule,
  F32,
  functionBody,
  HEADER,
  I32,
  I64,
  type Instruction,
  type ModuleSpec,
  sectionBytes,
  text,
  unsigned,
  vector,
} from './modules/encoder.ts';

const raw = (...sections: (readonly number[])[]) => Uint8Array.from([...HEADER, ...sections.flat()]);
const VOID = sectionBytes(1, vector([[0x60, 0, 0]]));
const ONE_FUNCTION = sectionBytes(3, vector([[0]]));
const withBody = (...body: Instruction[]): Uint8Array =>
  raw(VOID, ONE_FUNCTION, sectionBytes(10, vector([functionBody({ type: 0, locals: [], body })])));
const withCode = (...content: number[]) => raw(VOID, ONE_FUNCTION, sectionBytes(10, content));
const spec = (more: Partial<ModuleSpec>): Uint8Array =>
  encodeModule({ types: [{ params: [], results: [] }], functions: [], ...more });
const nested = (depth: number): Instruction[] => [
  ...Array.from({ length: depth }, () => [0x02, 0x40]),
  ...Array.from({ length: depth }, () => [0x0b]),
];

const table: readonly [what: string, bytes: Uint8Array, reason: string, detail: RegExp][] = [
  ['nothing', new Uint8Array(), 'malformed', /header/],
  ['half a header', Uint8Array.from(HEADER.slice(0, 5)), 'malformed', /header/],
  ['another version', Uint8Array.from([...HEADER.slice(0, 4), 2, 0, 0, 0]), 'malformed', /header/],
  ['a component', Uint8Array.from([...HEADER.slice(0, 4), 0x0d, 0, 1, 0]), 'unsupported', /component/],
  ['a section that ends too late', raw([1, 9, 0]), 'malformed', /end/],
  ['a section number that is unknown', raw(sectionBytes(14, [])), 'malformed', /section 14/],
  ['a section twice', raw(VOID, VOID), 'malformed', /order/],
  ['sections out of order', raw(ONE_FUNCTION, VOID), 'malformed', /./],
  ['bytes behind a section content', raw(sectionBytes(1, [0, 0])), 'malformed', /left/],
  ['a length of six bytes', raw([1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]), 'malformed', /integer/],
  ['a length beyond 32 bits', raw([1, 0xff, 0xff, 0xff, 0xff, 0x7f]), 'malformed', /integer/],
  ['a huge count', raw(sectionBytes(1, [0xff, 0xff, 0xff, 0xff, 0x0f])), 'too-large', /types/],
  ['a count beyond its section', raw(sectionBytes(1, [100])), 'malformed', /fit/],
  ['a type that is none', raw(sectionBytes(1, vector([[0x61, 0, 0]]))), 'malformed', /type form/],
  ['a struct type', raw(sectionBytes(1, vector([[0x5f, 0]]))), 'unsupported', /garbage/],
  ['a recursive type group', raw(sectionBytes(1, vector([[0x4e, 0]]))), 'unsupported', /garbage/],
  [
    'a value type that is none',
    raw(sectionBytes(1, vector([[0x60, 1, 0x55, 0]]))),
    'malformed',
    /value type/,
  ],
  ['an exception reference', raw(sectionBytes(1, vector([[0x60, 1, 0x69, 0]]))), 'unsupported', /exception/],
  ['too many parameters', raw(sectionBytes(1, [1, 0x60, ...unsigned(1_001)])), 'too-large', /parameters/],
  ['a function of no type', raw(VOID, sectionBytes(3, vector([[1]]))), 'malformed', /type 1/],
  ['functions without bodies', raw(VOID, ONE_FUNCTION), 'malformed', /bodies/],
  [
    'a body too many',
    raw(VOID, ONE_FUNCTION, sectionBytes(10, [2, 2, 0, 0x0b, 2, 0, 0x0b])),
    'malformed',
    /bodies/,
  ],
  ['a name that is not UTF-8', raw(sectionBytes(7, [1, 1, 0xff, 0, 0])), 'malformed', /UTF-8/],
  ['a huge name', raw(sectionBytes(0, unsigned(200_000))), 'too-large', /name/],
  ['a shared memory', raw(sectionBytes(5, [1, 3, 1, 1])), 'unsupported', /threads/],
  ['a 64-bit memory', raw(sectionBytes(5, [1, 4, 1])), 'unsupported', /64-bit/],
  ['two memories', raw(sectionBytes(5, [2, 0, 1, 0, 1])), 'unsupported', /multiple/],
  [
    'a memory beyond the address space',
    raw(sectionBytes(5, [1, 0, ...unsigned(65_537)])),
    'malformed',
    /pages/,
  ],
  ['a maximum below the minimum', raw(sectionBytes(5, [1, 1, 2, 1])), 'malformed', /maximum/],
  ['a table of numbers', raw(sectionBytes(4, [1, I32, 0, 1])), 'malformed', /table/],
  [
    'a table initializer',
    raw(sectionBytes(4, [1, 0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b])),
    'unsupported',
    /table/,
  ],
  ['a memory that starts too large', spec({ memory: { min: 2_000 } }), 'memory-too-large', /2000/],
  ['a table that starts too large', spec({ tables: [{ min: 100_000 }] }), 'table-too-large', /100000/],
  [
    'an import that is not allowed',
    spec({ imports: [{ module: 'env', name: 'clock', type: 0 }] }),
    'import-not-allowed',
    /env.clock/,
  ],
  [
    'an imported memory',
    raw(sectionBytes(2, vector([[...text('hm'), ...text('log'), 2, 0, 1]]))),
    'import-not-allowed',
    /memory/,
  ],
  [
    'an imported global',
    raw(sectionBytes(2, vector([[...text('hm'), ...text('log'), 3, I32, 0]]))),
    'import-not-allowed',
    /global/,
  ],
  [
    'an export under our prefix',
    spec({
      exports: [{ name: 'hm:fuel', kind: 0, index: 0 }],
      functions: [{ type: 0, locals: [], body: [] }],
    }),
    'reserved-export',
    /hm:fuel/,
  ],
  ['an opcode that is none', withBody([0x27]), 'malformed', /opcode/],
  ['a prefix with nothing behind it', withCode(1, 3, 0, 0xfc), 'malformed', /./],
  ['an unknown bulk opcode', withBody([0xfc, 0x40]), 'malformed', /opcode/],
  ['an unknown SIMD opcode', withBody([0xfd, 0x9a, 1]), 'malformed', /opcode/],
  ['relaxed SIMD', withBody([0xfd, 0x80, 2]), 'unsupported', /relaxed/],
  ['an atomic instruction', withBody([0xfe, 0x03, 0]), 'unsupported', /threads/],
  ['a garbage collection instruction', withBody([0xfb, 0]), 'unsupported', /garbage/],
  ['call_ref', withBody([0x14, 0]), 'unsupported', /typed function/],
  ['try_table', withBody([0x1f, 0x40, 0, 0x0b]), 'unsupported', /exnref/],
  ['throw_ref', withBody([0x0a]), 'unsupported', /exnref/],
  [
    'an access to a second memory',
    withBody([0x41, 0], [0x28, 0x42, 1, 0], [0x1a]),
    'unsupported',
    /multiple/,
  ],
  ['a body without an end', withCode(1, 2, 0, 0x01), 'malformed', /end/],
  ['an end too many', withBody([0x0b]), 'malformed', /after/],
  ['a block that is not closed', withBody([0x02, 0x40]), 'malformed', /./],
  ['a constant of eleven bytes', withBody([0x42, ...Array<number>(11).fill(0x80)]), 'malformed', /integer/],
  ['an i32 constant beyond its bits', withBody([0x41, 0xff, 0xff, 0xff, 0xff, 0x4f]), 'malformed', /integer/],
  ['blocks too deep', withBody(...nested(5_000)), 'too-large', /nested/],
  ['too many locals', withCode(1, 7, 1, ...unsigned(60_000), F32, 0x0b, 0), 'too-large', /locals/],
  [
    'locals beyond 32 bits in all',
    withCode(1, 16, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, F32, 0xff, 0xff, 0xff, 0xff, 0x0f, F32, 0x0b, 0, 0),
    'too-large',
    /locals/,
  ],
  [
    'more branch targets than bytes',
    withBody([0x41, 0], [0x0e, ...unsigned(60_000)]),
    'malformed',
    /targets/,
  ],
  ['far too many branch targets', withBody([0x41, 0], [0x0e, ...unsigned(70_000)]), 'too-large', /targets/],
  ['a body that is too large', withCode(1, ...unsigned(8_000_000)), 'too-large', /body/],
  ['a wrong type on the stack', withBody([0x41, 0]), 'invalid', /type rules/],
  ['a global that is not there', withBody([0x23, 0], [0x1a]), 'invalid', /type rules/],
  ['a write to where the counters will be', withBody([0x42, 0], [0x24, 0]), 'invalid', /type rules/],
  ['a call of where the routines will be', withBody([0x41, 0], [0x10, 1], [0x1a]), 'invalid', /type rules/],
  ['a branch past the body', withBody([0x0c, 1]), 'invalid', /type rules/],
  ['a data segment flag', raw(sectionBytes(11, [1, 3])), 'malformed', /flag/],
  ['an element segment flag', raw(sectionBytes(9, [1, 8])), 'malformed', /flag/],
  ['code in a constant', raw(sectionBytes(6, [1, I64, 0, 0x10, 0, 0x0b])), 'malformed', /constant/],
];

describe('a module that is no WebAssembly of the profile', () => {
  it.each(table)('is refused when it has %s', (_, bytes, reason, detail) => {
    const verdict = meter(bytes);
    expect(verdict).toMatchObject({ ok: false, reason });
    expect(verdict.ok ? '' : verdict.detail).toMatch(detail);
  });

  it('is refused when its functions have too many locals in all', () => {
    const body = [...unsigned(7), 1, ...unsigned(48_000), F32, 0x01, 0x0b];
    const many = 100;
    const bytes = raw(
      VOID,
      sectionBytes(3, [...unsigned(many), ...Array<number>(many).fill(0)]),
      sectionBytes(10, [...unsigned(many), ...Array.from({ length: many }, () => body).flat()]),
    );
    expect(meter(bytes)).toMatchObject({ ok: false, reason: 'too-large' });
  });

  it('is refused above the largest size, before it is read', () => {
    expect(meter(new Uint8Array(1_001), { maxBytes: 1_000 })).toMatchObject({
      ok: false,
      reason: 'too-large',
    });
  });

  it('is refused when calls outside any recursion would need more stack than a run has', () => {
    const locals = Array<number>(48_000).fill(I64);
    const functions = [1, 2, 3].map((callee) => ({
      type: 0,
      locals,
      body: callee < 3 ? [[0x10, callee]] : [],
    }));
    expect(meter(spec({ functions }))).toMatchObject({ ok: false, reason: 'stack-too-deep' });
  });
});

describe('an option out of range', () => {
  it.each([
    ['memoryMaxPages', { memoryMaxPages: 65_537 }],
    ['memoryMaxPages', { memoryMaxPages: -1 }],
    ['tableMax', { tableMax: 1.5 }],
    ['maxBytes', { maxBytes: Number.NaN }],
  ])('is a mistake of the caller: %s', (argument, options) => {
    expect(() => meter(raw(), options)).toThrow(
      expect.objectContaining({
        failure: expect.objectContaining({ code: 'metered-wasm/bad-argument', argument }),
      }),
    );
  });
});
