/** A small encoder of WebAssembly modules for the tests; shares no code with the package. */

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
export const FUNCREF = 0x70;

/** One instruction with its immediates, as bytes. */
export type Instruction = readonly number[];

export interface Signature {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface FunctionSpec {
  readonly type: number;
  readonly locals: readonly number[];
  /** Without the final end. */
  readonly body: readonly Instruction[];
}

export interface ModuleSpec {
  readonly types: readonly Signature[];
  readonly imports?: readonly { readonly module: string; readonly name: string; readonly type: number }[];
  readonly functions: readonly FunctionSpec[];
  readonly tables?: readonly { readonly type?: number; readonly min: number; readonly max?: number }[];
  readonly memory?: { readonly min: number; readonly max?: number };
  readonly tags?: readonly number[];
  readonly globals?: readonly { readonly type: number; readonly init: readonly number[] }[];
  readonly exports?: readonly { readonly name: string; readonly kind: number; readonly index: number }[];
  readonly start?: number;
  /** Functions placed into table 0 from element 0 on. */
  readonly elements?: readonly number[];
  /** Passive data segments. */
  readonly data?: readonly (readonly number[])[];
  readonly custom?: readonly { readonly name: string; readonly bytes: readonly number[] }[];
}

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return bytes;
}

export function signed(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export function doubleBytes(value: number): number[] {
  return [...new Uint8Array(new Float64Array([value]).buffer)];
}

export function floatBytes(value: number): number[] {
  return [...new Uint8Array(new Float32Array([value]).buffer)];
}

export function text(name: string): number[] {
  const bytes = [...new TextEncoder().encode(name)];
  return [...unsigned(bytes.length), ...bytes];
}

export function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

export function sectionBytes(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function limits(bounds: { readonly min: number; readonly max?: number }): number[] {
  const { min, max } = bounds;
  return max === undefined ? [0, ...unsigned(min)] : [1, ...unsigned(min), ...unsigned(max)];
}

export const HEADER: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export function functionBody({ locals, body }: FunctionSpec): number[] {
  const content = [...vector(locals.map((type) => [1, type])), ...body.flat(), 0x0b];
  return [...unsigned(content.length), ...content];
}

/** The bytes of a module; nothing is checked. */
export function encodeModule(spec: ModuleSpec): Uint8Array {
  const { functions, data = [], exports = [], globals = [], imports = [], tables = [], tags = [] } = spec;
  const sections: [number, number[]][] = [
    [
      1,
      vector(
        spec.types.map(({ params, results }) => [
          0x60,
          ...vector(params.map((p) => [p])),
          ...vector(results.map((r) => [r])),
        ]),
      ),
    ],
    [
      2,
      imports.length > 0
        ? vector(imports.map((i) => [...text(i.module), ...text(i.name), 0, ...unsigned(i.type)]))
        : [],
    ],
    [3, vector(functions.map(({ type }) => unsigned(type)))],
    [4, tables.length > 0 ? vector(tables.map((table) => [table.type ?? FUNCREF, ...limits(table)])) : []],
    [5, spec.memory === undefined ? [] : vector([limits(spec.memory)])],
    [13, tags.length > 0 ? vector(tags.map((type) => [0, ...unsigned(type)])) : []],
    [6, globals.length > 0 ? vector(globals.map(({ type, init }) => [type, 1, ...init, 0x0b])) : []],
    [
      7,
      exports.length > 0
        ? vector(exports.map(({ name, kind, index }) => [...text(name), kind, ...unsigned(index)]))
        : [],
    ],
    [8, spec.start === undefined ? [] : unsigned(spec.start)],
    [
      9,
      spec.elements === undefined ? [] : vector([[0, 0x41, 0, 0x0b, ...vector(spec.elements.map(unsigned))]]),
    ],
    [12, data.length > 0 ? unsigned(data.length) : []],
    [10, vector(functions.map(functionBody))],
    [11, data.length > 0 ? vector(data.map((bytes) => [1, ...vector(bytes.map((byte) => [byte]))])) : []],
  ];
  const custom = (spec.custom ?? []).flatMap(({ name, bytes }) => sectionBytes(0, [...text(name), ...bytes]));
  return Uint8Array.from([
    ...HEADER,
    ...sections.flatMap(([id, content]) => (content.length > 0 ? sectionBytes(id, content) : [])),
    ...custom,
  ]);
}
