import type { Steps } from './decode.ts';

/** Indexes of the three counters of a metered module. */
export interface Counters {
  readonly fuel: number;
  readonly state: number;
  readonly stack: number;
}

/**
 * Shapes of what metering adds. A shape is a row of words: `op` alone, or `op:name`, where the immediate must equal
 * the number that `name` stands for, or is bound to it where it stands for none yet; a literal number must match.
 */
const NAMES: Readonly<Record<string, number>> = {
  'global.get': 0x23,
  'global.set': 0x24,
  'local.get': 0x20,
  'local.set': 0x21,
  'local.tee': 0x22,
  'i64.const': 0x42,
  'i32.const': 0x41,
  'i64.sub': 0x7d,
  'i64.lt_s': 0x53,
  'i32.sub': 0x6b,
  'i32.add': 0x6a,
  'i32.or': 0x72,
  'i32.lt_s': 0x48,
  if: 0x04,
  end: 0x0b,
  unreachable: 0x00,
  'f32.const': 0x43,
  'f64.const': 0x44,
  'f32.eq': 0x5b,
  'f64.eq': 0x61,
  select: 0x1b,
  'v128.const': 0xfd0c,
  'f32x4.eq': 0xfd41,
  'f64x2.eq': 0xfd47,
  bitselect: 0xfd52,
};

type Word = readonly [op: number, name: string | undefined, literal: number];

function shape(text: string): readonly Word[] {
  return text.split(' ').map((word) => {
    const [op = '', name] = word.split(':');
    const code = NAMES[op];
    if (code === undefined) throw new Error(`no instruction ${op}`);
    return [code, name, Number(name)];
  });
}

const EMPTY = -64;

export type ShapeName =
  | 'entryGlobal'
  | 'entryLocal'
  | 'header'
  | 'branchGlobal'
  | 'branchLocal'
  | 'flush'
  | 'reload'
  | 'takeStack'
  | 'takeStackLocal'
  | 'giveStack'
  | 'saveStack'
  | 'restoreStack'
  | 'nanF32'
  | 'nanF64'
  | 'nanF32x4'
  | 'nanF64x2';

export const SHAPES: Readonly<Record<ShapeName, readonly Word[]>> = {
  entryGlobal: shape(
    `global.get:fuel i64.const:cost i64.sub global.set:fuel global.get:fuel i64.const:0 i64.lt_s if:${EMPTY} unreachable end`,
  ),
  entryLocal: shape(
    `global.get:fuel i64.const:cost i64.sub local.tee:own i64.const:0 i64.lt_s if:${EMPTY} local.get:own global.set:fuel unreachable end`,
  ),
  header: shape(
    `local.get:own i64.const:cost i64.sub local.tee:own i64.const:0 i64.lt_s if:${EMPTY} local.get:own global.set:fuel unreachable end`,
  ),
  branchGlobal: shape('global.get:fuel i64.const:cost i64.sub global.set:fuel'),
  branchLocal: shape('local.get:own i64.const:cost i64.sub local.set:own'),
  flush: shape('local.get:own global.set:fuel'),
  reload: shape('global.get:fuel local.set:own'),
  takeStack: shape(
    `global.get:stack i32.const:units i32.sub global.set:stack global.get:stack i32.const:0 i32.lt_s if:${EMPTY} global.get:state i32.const:4 i32.or global.set:state unreachable end`,
  ),
  takeStackLocal: shape(
    `global.get:stack i32.const:units i32.sub global.set:stack global.get:stack i32.const:0 i32.lt_s if:${EMPTY} local.get:own global.set:fuel global.get:state i32.const:4 i32.or global.set:state unreachable end`,
  ),
  giveStack: shape('global.get:stack i32.const:units i32.add global.set:stack'),
  saveStack: shape('global.get:stack local.set:depth'),
  restoreStack: shape('local.get:depth global.set:stack'),
  nanF32: shape('local.tee:scratch f32.const local.get:scratch local.get:scratch f32.eq select'),
  nanF64: shape('local.tee:scratch f64.const local.get:scratch local.get:scratch f64.eq select'),
  nanF32x4: shape('local.tee:scratch v128.const local.get:scratch local.get:scratch f32x4.eq bitselect'),
  nanF64x2: shape('local.tee:scratch v128.const local.get:scratch local.get:scratch f64x2.eq bitselect'),
};

/** Matches a shape at `at`; answers the numbers that its names stand for, `known` among them. */
export function match(
  steps: Steps,
  at: number,
  name: ShapeName,
  known: Readonly<Record<string, number>>,
): Record<string, number> | undefined {
  const words = SHAPES[name];
  for (let offset = 0; offset < words.length; offset++) {
    if (steps.op(at + offset) !== (words[offset] as Word)[0]) return undefined;
  }
  const found: Record<string, number> = { ...known };
  for (let offset = 0; offset < words.length; offset++) {
    const [, label, literal] = words[offset] as Word;
    if (label === undefined) continue;
    const present = steps.first(at + offset);
    const expected = Number.isNaN(literal) ? found[label] : literal;
    if (expected === undefined) found[label] = present;
    else if (expected !== present) return undefined;
  }
  return found;
}
