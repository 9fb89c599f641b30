import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkMetered, meter } from '../src/index.ts';
import { instantiate } from './modules/instance.ts';

/* Modules that people use, from npm: metered and plain ones must agree. */

const require = createRequire(import.meta.url);
type Call = (...args: (number | bigint)[]) => number | bigint;
const FUEL = 10n ** 15n;

function load(
  name: string,
  entry: string,
  file: string,
): { plain: Uint8Array; metered: Uint8Array; imports: string[] } {
  const root = entry.slice(
    0,
    entry.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length,
  );
  const plain = new Uint8Array(readFileSync(join(root, file)));
  const module = new WebAssembly.Module(plain);
  const imports = WebAssembly.Module.imports(module).map((each) => `${each.module}.${each.name}`);
  const options = { allowImports: imports, memoryMaxPages: 16_384 };
  const verdict = meter(plain, options);
  if (!verdict.ok) throw new Error(`${verdict.reason}: ${verdict.detail}`);
  expect(checkMetered(verdict.module, options)).toMatchObject({ ok: true });
  return { plain, metered: verdict.module, imports };
}

class Guest {
  readonly #exports: WebAssembly.Exports;

  constructor(bytes: Uint8Array, imports: WebAssembly.Imports = {}) {
    this.#exports = instantiate(bytes, imports);
    const counter = this.#exports['hm:fuel'] as WebAssembly.Global | undefined;
    if (counter !== undefined) counter.value = FUEL;
    (this.#exports['hm:start'] as unknown as Call | undefined)?.();
  }

  call(name: string, ...args: (number | bigint)[]): number {
    return Number((this.#exports[name] as unknown as Call)(...args));
  }

  callBig(name: string, ...args: (number | bigint)[]): bigint {
    return BigInt((this.#exports[name] as unknown as Call)(...args));
  }

  get bytes(): Uint8Array {
    const memory = Object.values(this.#exports).find((each) => each instanceof WebAssembly.Memory);
    return new Uint8Array((memory as WebAssembly.Memory).buffer);
  }

  /** A call as wasm-bindgen makes it: bytes in, and a place where pointer and length of the answer are left. */
  exchange(input: Uint8Array, call: (answer: number, at: number, length: number) => void): Uint8Array {
    const answer = this.call('__wbindgen_add_to_stack_pointer', -16);
    const pointer = this.call('__wbindgen_malloc', input.length);
    this.bytes.set(input, pointer);
    call(answer, pointer, input.length);
    const [at = 0, length = 0, , error] = new Uint32Array(this.bytes.slice(answer, answer + 16).buffer);
    expect(error).toBe(0);
    return this.bytes.slice(at, at + length);
  }

  get fuelUsed(): bigint {
    const counter = this.#exports['hm:fuel'] as WebAssembly.Global | undefined;
    return counter === undefined ? 0n : FUEL - BigInt(counter.value);
  }
}

const text = new TextEncoder().encode('the quick brown fox jumps over the lazy dog. '.repeat(500));

describe('a module from npm', () => {
  it('xxhash-wasm hashes the same', () => {
    const { plain, metered } = load('xxhash-wasm', require.resolve('xxhash-wasm'), 'workerd/xxhash.wasm');
    const digests = [plain, metered].map((bytes) => {
      const guest = new Guest(bytes);
      guest.bytes.set(text.subarray(0, 20_000));
      return [guest.call('xxh32', 0, 20_000, 7), guest.callBig('xxh64', 0, 20_000, 7n)];
    });
    expect(digests[1]).toStrictEqual(digests[0]);
  });

  it('source-map reads the same mappings', () => {
    const { plain, metered, imports } = load(
      'source-map',
      require.resolve('source-map'),
      'lib/mappings.wasm',
    );
    expect(imports).toStrictEqual(['env.mapping_callback']);
    const mappings = new TextEncoder().encode(`${'AAAA,CAAC,GAAG,IAAI;AACJ,SAASA,KAAKC;'.repeat(200)}AAAA`);
    const seen = [plain, metered].map((bytes) => {
      const calls: number[][] = [];
      const guest = new Guest(bytes, {
        env: { mapping_callback: (...args: number[]) => void calls.push(args) },
      });
      const buffer = guest.call('allocate_mappings', mappings.length);
      guest.bytes.set(mappings, buffer);
      const parsed = guest.call('parse_mappings', buffer);
      expect(parsed).not.toBe(0);
      guest.call('by_generated_location', parsed);
      return calls;
    });
    expect(seen[0]?.length).toBeGreaterThan(1_000);
    expect(seen[1]).toStrictEqual(seen[0]);
  });

  it('brotli-wasm compresses to the same bytes, and its output is brotli', () => {
    const { plain, metered } = load(
      'brotli-wasm',
      require.resolve('brotli-wasm'),
      'pkg.node/brotli_wasm_bg.wasm',
    );
    // The options object is undefined; nothing else is asked of the host.
    const imports = (bytes: Uint8Array) => {
      const all: Record<string, Record<string, () => number>> = {};
      for (const { module, name } of WebAssembly.Module.imports(new WebAssembly.Module(bytes))) {
        all[module] = { ...all[module], [name]: () => (name === '__wbindgen_is_undefined' ? 1 : 0) };
      }
      return all;
    };
    const outputs = [plain, metered].map((bytes) => {
      const guest = new Guest(bytes, imports(bytes));
      const packed = guest.exchange(text, (answer, at, length) =>
        guest.call('compress', answer, at, length, 0),
      );
      const theirs = brotliCompressSync(text);
      const unpacked = guest.exchange(theirs, (answer, at, length) =>
        guest.call('decompress', answer, at, length),
      );
      return { packed, unpacked, fuel: guest.fuelUsed };
    });
    expect(outputs[1]?.packed).toStrictEqual(outputs[0]?.packed);
    expect(outputs[1]?.unpacked).toStrictEqual(text);
    expect(new Uint8Array(brotliDecompressSync(outputs[1]?.packed ?? text))).toStrictEqual(text);
    expect(outputs[1]?.fuel).toBeGreaterThan(1_000_000n);
  });

  it('reed-solomon-erasure makes the same parity', () => {
    const { plain, metered } = load(
      '@subspace/reed-solomon-erasure.wasm',
      require.resolve('@subspace/reed-solomon-erasure.wasm'),
      'dist/reed_solomon_erasure_bg.wasm',
    );
    const shards = [plain, metered].map((bytes) => {
      const guest = new Guest(bytes);
      const pointer = guest.call('__wbindgen_malloc', 6_000);
      guest.bytes.set(text.subarray(0, 4_000), pointer);
      expect(guest.call('encode', pointer, 6_000, 4, 2)).toBe(0);
      return guest.bytes.slice(pointer, pointer + 6_000);
    });
    expect(shards[1]).toStrictEqual(shards[0]);
  });
});
