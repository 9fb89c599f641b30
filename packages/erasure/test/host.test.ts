import { toHex } from '@hypermesh/core';
import { afterEach, describe, expect, it, vi } from 'vitest';

/** A fresh copy of the package, as an engine would load it whose WebAssembly is `host`. */
async function loadedWith(host: unknown) {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', host);
  return await import('../src/index.ts');
}

describe('the choice of back end', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('falls back to JavaScript where there is no WebAssembly', async () => {
    const { availableBackends, createCodec } = await loadedWith(undefined);
    expect(availableBackends()).toEqual(['scalar']);
    const codec = createCodec({ dataShards: 2, parityShards: 1 });
    expect(codec.backend).toBe('scalar');
    expect(codec.encode([new Uint8Array([1]), new Uint8Array([2])])).toHaveLength(codec.parityShards);
  });

  it('falls back to JavaScript where a policy forbids to compile', async () => {
    class Forbidden {
      constructor() {
        throw new EvalError('blocked by the content security policy');
      }
    }
    const host = { validate: () => true, Module: Forbidden, Instance: Forbidden, Memory: WebAssembly.Memory };
    expect((await loadedWith(host)).availableBackends()).toEqual(['scalar']);
  });

  it('takes plain SIMD where the engine does not validate relaxed SIMD', async () => {
    const real = WebAssembly;
    const relaxed = (bytes: Uint8Array) => toHex(bytes).includes('fd8002');
    const { Module, Instance, Memory } = real;
    const host = {
      validate: (bytes: Uint8Array<ArrayBuffer>) => !relaxed(bytes) && real.validate(bytes),
      Module,
      Instance,
      Memory,
    };
    const { availableBackends, createCodec } = await loadedWith(host);
    expect(availableBackends()).toEqual(['simd', 'scalar']);
    expect(createCodec({ dataShards: 2, parityShards: 1 }).backend).toBe('simd');
  });
});
