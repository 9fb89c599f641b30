import { main } from 'assemblyscript/asc';

/** The smallest plug-in for Extism that answers its input. Its imports need decorators, so it is a text here. */
const source = `
@external("extism:host/env", "input_length")
declare function inputLength(): u64;
@external("extism:host/env", "input_load_u8")
declare function inputLoad(offset: u64): u32;
@external("extism:host/env", "alloc")
declare function alloc(length: u64): u64;
@external("extism:host/env", "store_u8")
declare function store8(offset: u64, value: u32): void;
@external("extism:host/env", "output_set")
declare function outputSet(offset: u64, length: u64): void;

export function echo(): i32 {
  const length = inputLength();
  const at = alloc(length);
  for (let i: u64 = 0; i < length; i++) store8(at + i, inputLoad(i));
  outputSet(at, length);
  return 0;
}
`;

/** Compiles it. */
export async function compileExtismGuest(): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await main(
    ['guest.ts', '--outFile', 'guest.wasm', '--runtime', 'minimal', '--use', 'abort=', '-O3', '--noAssert'],
    {
      readFile: (name: string) => (name === 'guest.ts' ? source : null),
      writeFile(_name: string, contents: Uint8Array | string) {
        if (typeof contents !== 'string') binary = new Uint8Array(contents);
      },
    },
  );
  if (error !== null || binary === undefined)
    throw new Error(`no guest: ${stderr.toString()}`, { cause: error });
  return binary;
}
