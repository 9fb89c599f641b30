import { multiply } from '../field.ts';
import type { Backend, Plan } from './backend.ts';
import { kernelModule, MOST_OUTPUTS, STEP_BYTES, TABLE_BYTES } from './module.ts';

/* What the kernels need of WebAssembly, which is not part of the language's own library of types. */
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
interface WebAssemblyHost {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (descriptor: { readonly initial: number }) => Memory;
}
type Dot = (tables: number, sources: number, count: number, length: number, ...outputs: number[]) => void;

const PAGE = 65_536;
/** Blocks of all inputs and one group of outputs together stay in the second cache of common processors. */
const WORKING_BYTES = 512 * 1024;
const MOST_BLOCK_BYTES = 16 * 1024;

const aligned = (bytes: number, to: number) => Math.ceil(bytes / to) * to;

/** The back end with this table look-up, or undefined where the engine cannot run it or a policy forbids it. */
export function simdBackend(name: 'relaxed-simd' | 'simd'): Backend | undefined {
  const host = (globalThis as { readonly WebAssembly?: WebAssemblyHost }).WebAssembly;
  const bytes = kernelModule(name === 'simd' ? 'swizzle' : 'relaxedSwizzle');
  if (host === undefined || !host.validate(bytes)) return undefined;
  try {
    const memory = new host.Memory({ initial: 1 });
    const instance = new host.Instance(new host.Module(bytes), { env: { memory } });
    return backendOver(name, memory, instance.exports as Readonly<Record<string, Dot>>);
  } catch {
    // A content security policy may forbid to compile what it lets validate.
    return undefined;
  }
}

/**
 * One memory serves all calls of a thread, which never overlap: a call copies a block of each input in, computes, and
 * copies the outputs out. Bytes stay in it until the next call; it grows to what the widest code needs, at most 5 MiB.
 */
function backendOver(name: Backend['name'], memory: Memory, dots: Readonly<Record<string, Dot>>): Backend {
  let view = new Uint8Array(memory.buffer);
  let words = new Uint32Array(memory.buffer);

  const reserve = (bytes: number): void => {
    if (bytes <= view.length) return;
    memory.grow(Math.ceil((bytes - view.length) / PAGE));
    view = new Uint8Array(memory.buffer);
    words = new Uint32Array(memory.buffer);
  };

  return {
    name,
    plan(rows, inputs) {
      return { outputs: rows.length / inputs, inputs, tables: nibbleTables(rows, inputs) };
    },
    run(plan, inputs, outputs) {
      const { tables } = plan as { readonly tables: Uint8Array };
      const length = outputs[0]?.length ?? 0;
      const shards = inputs.length + Math.min(MOST_OUTPUTS, outputs.length);
      const share = Math.floor(WORKING_BYTES / shards / STEP_BYTES) * STEP_BYTES;
      const block = Math.min(Math.max(share, 1024), MOST_BLOCK_BYTES, aligned(length, STEP_BYTES));
      // Shards a multiple of 4 KiB apart would fall on the same lines of the cache.
      const stride = block + 64;
      const pointersAt = aligned(tables.length, 64);
      const inputsAt = aligned(pointersAt + inputs.length * 4, 64);
      const outputsAt = inputsAt + inputs.length * stride;
      reserve(inputsAt + shards * stride);
      view.set(tables, 0);
      for (let at = 0; at < inputs.length; at++) words[pointersAt / 4 + at] = inputsAt + at * stride;

      for (let from = 0; from < length; from += block) {
        const size = Math.min(block, length - from);
        const isWhole = size === length;
        for (let at = 0; at < inputs.length; at++) {
          const input = inputs[at] as Uint8Array;
          view.set(isWhole ? input : input.subarray(from, from + size), inputsAt + at * stride);
        }
        for (let first = 0; first < outputs.length; first += MOST_OUTPUTS) {
          const count = Math.min(MOST_OUTPUTS, outputs.length - first);
          const tablesAt = first * inputs.length * TABLE_BYTES;
          callDot(dots, count, { tablesAt, pointersAt, inputs: inputs.length, size, outputsAt, stride });
          for (let lane = 0; lane < count; lane++) {
            const at = outputsAt + lane * stride;
            (outputs[first + lane] as Uint8Array).set(view.subarray(at, at + size), from);
          }
        }
      }
    },
  } satisfies Backend;
}

function callDot(
  dots: Readonly<Record<string, Dot>>,
  count: number,
  place: Readonly<Record<'tablesAt' | 'pointersAt' | 'inputs' | 'size' | 'outputsAt' | 'stride', number>>,
): void {
  const { tablesAt, pointersAt, inputs, size, outputsAt: a, stride } = place;
  const [b, c, d] = [a + stride, a + 2 * stride, a + 3 * stride];
  if (count === 4) dots['dot4']?.(tablesAt, pointersAt, inputs, size, a, b, c, d);
  else if (count === 3) dots['dot3']?.(tablesAt, pointersAt, inputs, size, a, b, c);
  else if (count === 2) dots['dot2']?.(tablesAt, pointersAt, inputs, size, a, b);
  else dots['dot1']?.(tablesAt, pointersAt, inputs, size, a);
}

/** For each group of four outputs, for each input, for each output: products of the low and of the high four bits. */
function nibbleTables(rows: Uint8Array, inputs: number): Plan['tables'] {
  const outputs = rows.length / inputs;
  const tables = new Uint8Array(rows.length * TABLE_BYTES);
  let at = 0;
  for (let first = 0; first < outputs; first += MOST_OUTPUTS)
    for (let input = 0; input < inputs; input++)
      for (let output = first; output < Math.min(first + MOST_OUTPUTS, outputs); output++) {
        const coefficient = rows[output * inputs + input] as number;
        for (let nibble = 0; nibble < 16; nibble++) {
          tables[at + nibble] = multiply(coefficient, nibble);
          tables[at + 16 + nibble] = multiply(coefficient, nibble << 4);
        }
        at += TABLE_BYTES;
      }
  return tables;
}
