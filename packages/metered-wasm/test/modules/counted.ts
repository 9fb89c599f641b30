import {
  type FunctionSpec,
  I32,
  I64,
  type Instruction,
  type ModuleSpec,
  signed,
  unsigned,
} from './encoder.ts';

/*
 * A model of the fuel: the same module with a counter in front of every single instruction. Slow and plain; what the
 * metered module charges by blocks must add up to the same on every run that ends well.
 */

const FREE = new Set([0x01, 0x02, 0x05, 0x06, 0x07, 0x0b, 0x18, 0x19]);

function weight(instruction: Instruction): number {
  const [op = 0] = instruction;
  if (FREE.has(op) || op === 0x03) return 0;
  return op === 0x08 || op === 0x09 ? 512 : 1;
}

/** Adds a counter as the last global, exported as `count`. */
export function countedModule(spec: ModuleSpec): ModuleSpec {
  const globals = [...(spec.globals ?? []), { type: I64, init: [0x42, 0] }];
  const counter = unsigned(globals.length - 1);
  const parameterCounts = spec.functions.map(({ type }) => spec.types[type]?.params.length ?? 0);
  return {
    ...spec,
    globals,
    exports: [...(spec.exports ?? []), { name: 'count', kind: 3, index: globals.length - 1 }],
    functions: spec.functions.map((each, at) => counted(each, parameterCounts[at] ?? 0, counter)),
  };
}

function counted(
  { type, locals, body }: FunctionSpec,
  parameterCount: number,
  counter: number[],
): FunctionSpec {
  const length = unsigned(parameterCount + locals.length);
  const result = unsigned(parameterCount + locals.length + 1);
  const add = (amount: readonly Instruction[]): Instruction[] => [
    ...amount,
    [0x23, ...counter],
    [0x7c],
    [0x24, ...counter],
  ];
  const constant = (value: number): Instruction[] => (value === 0 ? [] : add([[0x42, ...signed(value)]]));
  /** Adds (the i32 in `length`, unsigned) put through an i64 operation with a constant. */
  const scaled = (by: number, operation: number) =>
    add([[0x20, ...length], [0xad], [0x42, ...signed(by)], [operation]]);
  const whenGranted = (by: number, operation: number): Instruction[] => [
    [0x22, ...result],
    [0x41, 0x7f],
    [0x47],
    [0x04, 0x40],
    ...scaled(by, operation),
    [0x0b],
    [0x20, ...result],
  ];
  const instructions = body.flatMap((instruction): Instruction[] => {
    const [op = 0, sub = 0] = instruction;
    const before = constant(weight(instruction));
    if (op === 0x03) return [instruction, ...constant(1)];
    if (op === 0x40) return [...before, [0x22, ...length], instruction, ...whenGranted(8_192, 0x7e)];
    if (op !== 0xfc || sub < 8 || [9, 13, 16].includes(sub)) return [...before, instruction];
    const remember: Instruction = [0x22, ...length];
    if (sub === 15) return [...before, remember, instruction, ...whenGranted(4, 0x86)];
    const isMemory = sub <= 11;
    return [...before, remember, ...(isMemory ? scaled(3, 0x88) : scaled(4, 0x86)), instruction];
  });
  return {
    type,
    locals: [...locals, I32, I32],
    body: [...constant(1 + (locals.length >> 3)), ...instructions],
  };
}
