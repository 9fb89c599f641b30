/** Bytes of a WebAssembly module or a part of it. */
export type Code = readonly number[];

/** Unsigned LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

/** Signed LEB128 of a small integer. */
function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

const simd = (opcode: number, ...rest: number[]): Code => [0xfd, ...unsigned(opcode), ...rest];

/** The instructions that the kernels use, by the names of the specification. */
export const op = {
  get: (local: number): Code => [0x20, ...unsigned(local)],
  set: (local: number): Code => [0x21, ...unsigned(local)],
  tee: (local: number): Code => [0x22, ...unsigned(local)],
  i32: (value: number): Code => [0x41, ...signed(value)],
  i32Load: [0x28, 2, 0] as Code,
  i32Add: [0x6a] as Code,
  i32Shl: [0x74] as Code,
  i32LessUnsigned: [0x49] as Code,
  /** A loop without values; `branchIf` in it goes back to its begin. */
  loop: (...body: readonly Code[]): Code => [0x03, 0x40, ...body.flat(), 0x0b],
  branchIf: [0x0d, 0] as Code,
  v128Load: (offset: number): Code => simd(0x00, 0, ...unsigned(offset)),
  v128Store: (offset: number): Code => simd(0x0b, 0, ...unsigned(offset)),
  v128Splat: (byte: number): Code => simd(0x0c, ...new Array<number>(16).fill(byte)),
  v128And: simd(0x4e),
  v128Xor: simd(0x51),
  i16x8ShrUnsigned: simd(0x8d),
  swizzle: simd(0x0e),
  relaxedSwizzle: simd(0x100),
} as const;

/** One exported function of i32 parameters without result. */
export interface FunctionCode {
  readonly name: string;
  readonly parameters: number;
  /** Locals after the parameters: first the i32 ones, then the v128 ones. */
  readonly locals: { readonly i32: number; readonly v128: number };
  readonly body: Code;
}

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(vector(items))];
const nameOf = (text: string): Code => sized([...text].map((char) => char.charCodeAt(0)));

/** A module that imports its memory as `env.memory` and exports the functions. */
export function assemble(functions: readonly FunctionCode[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [
    0x60,
    ...vector(new Array<Code>(parameters).fill([0x7f])),
    0,
  ]);
  const codes = functions.map(({ locals, body }) =>
    sized([
      ...vector([
        [...unsigned(locals.i32), 0x7f],
        [...unsigned(locals.v128), 0x7b],
      ]),
      ...body,
      0x0b,
    ]),
  );
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [[...nameOf('env'), ...nameOf('memory'), 0x02, 0x00, 0x01]]),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...nameOf(name), 0x00, ...unsigned(index)]),
    ),
    ...section(10, codes),
  ]);
}
