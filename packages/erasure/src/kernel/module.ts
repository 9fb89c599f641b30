import { assemble, type Code, type FunctionCode, op } from './assembler.ts';

/** Outputs that one pass over the inputs gives at most. */
export const MOST_OUTPUTS = 4;
/** Bytes of each output that one step of a kernel writes: lengths are rounded up to it. */
export const STEP_BYTES = 32;
/** Bytes of the two nibble tables of one coefficient. */
export const TABLE_BYTES = 32;

const VECTORS = STEP_BYTES / 16;

/**
 * `dot1` to `dot4`: (tables, sources, count, length, out1 … outN). Each output is the sum over the inputs of coefficient
 * times input; a product is two table look-ups of 16 entries, one by the low and one by the high four bits of a byte
 * (Plank, Greenan, Miller: Screaming Fast Galois Field Arithmetic, FAST 2013). `sources` points to `count` addresses;
 * `tables` holds for each input and output in this order 16 products of low and 16 of high bits. `length` > 0.
 */
function dot(outputs: number, swizzle: Code): FunctionCode {
  const [tables, sources, count, length] = [0, 1, 2, 3];
  const out = (index: number) => 4 + index;
  const parameters = 4 + outputs;
  const [at, source, table, pointer, end] = [0, 1, 2, 3, 4].map((index) => parameters + index) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const firstVector = parameters + 5;
  const sum = (output: number, lane: number) => firstVector + output * VECTORS + lane;
  const bytes = (lane: number) => firstVector + outputs * VECTORS + lane;
  const nibbles = (lane: number) => bytes(VECTORS) + lane;
  const entry = nibbles(VECTORS);
  const mask = entry + 1;
  const lanes = Array.from({ length: VECTORS }, (_, lane) => lane);
  const each = (code: (lane: number) => readonly Code[]): Code => lanes.flatMap((lane) => code(lane).flat());
  const eachOutput = (code: (output: number) => readonly Code[]): Code =>
    Array.from({ length: outputs }, (_, output) => code(output).flat()).flat();
  const addProducts = (half: number): Code =>
    eachOutput((output) => [
      op.get(table),
      op.v128Load(output * TABLE_BYTES + half * 16),
      op.set(entry),
      each((lane) => [
        op.get(entry),
        op.get(nibbles(lane)),
        swizzle,
        op.get(sum(output, lane)),
        op.v128Xor,
        op.set(sum(output, lane)),
      ]),
    ]);

  const eachInput = op.loop(
    [...op.get(pointer), ...op.i32Load, ...op.get(at), ...op.i32Add, ...op.set(source)],
    each((lane) => [
      op.get(source),
      op.v128Load(lane * 16),
      op.tee(bytes(lane)),
      op.get(mask),
      op.v128And,
      op.set(nibbles(lane)),
    ]),
    addProducts(0),
    each((lane) => [
      op.get(bytes(lane)),
      op.i32(4),
      op.i16x8ShrUnsigned,
      op.get(mask),
      op.v128And,
      op.set(nibbles(lane)),
    ]),
    addProducts(1),
    [...op.get(table), ...op.i32(outputs * TABLE_BYTES), ...op.i32Add, ...op.set(table)],
    [...op.get(pointer), ...op.i32(4), ...op.i32Add, ...op.tee(pointer)],
    [...op.get(end), ...op.i32LessUnsigned, ...op.branchIf],
  );
  const body = [
    [...op.v128Splat(0x0f), ...op.set(mask)],
    [...op.get(count), ...op.i32(2), ...op.i32Shl, ...op.get(sources), ...op.i32Add, ...op.set(end)],
    op.loop(
      eachOutput((output) => [each((lane) => [op.v128Splat(0), op.set(sum(output, lane))])]),
      [...op.get(sources), ...op.set(pointer), ...op.get(tables), ...op.set(table)],
      eachInput,
      eachOutput((output) => [
        each((lane) => [
          op.get(out(output)),
          op.get(at),
          op.i32Add,
          op.get(sum(output, lane)),
          op.v128Store(lane * 16),
        ]),
      ]),
      [...op.get(at), ...op.i32(STEP_BYTES), ...op.i32Add, ...op.tee(at)],
      [...op.get(length), ...op.i32LessUnsigned, ...op.branchIf],
    ),
  ].flat();
  return {
    name: `dot${outputs}`,
    parameters,
    locals: { i32: 5, v128: outputs * VECTORS + 2 * VECTORS + 2 },
    body,
  };
}

/**
 * The kernels as a module. The relaxed look-up leaves out what the plain one does to indexes above 15, which do not
 * occur here: the same result on every engine.
 */
export function kernelModule(lookUp: 'swizzle' | 'relaxedSwizzle'): Uint8Array<ArrayBuffer> {
  return assemble([1, 2, 3, 4].map((outputs) => dot(outputs, op[lookUp])));
}
