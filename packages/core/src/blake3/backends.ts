import { blake3 as portableBlake3 } from '@noble/hashes/blake3.js';
import { createHasher, hash as jitHash } from 'blake3-jit';
import { demandBytes } from '../bytes.ts';

/** Where a hash is computed: npm-shipped native code, WebAssembly SIMD made at run time, or plain JavaScript. */
export type Blake3BackendName = 'native' | 'jit' | 'portable';

/** A hash in progress. `digest` may be asked for once. */
export interface Blake3 {
  update(bytes: Uint8Array): this;
  /** The 32 bytes. */
  digest(): Uint8Array;
}

/** One implementation. */
export interface Blake3Backend {
  readonly name: Blake3BackendName;
  readonly hash: (bytes: Uint8Array) => Uint8Array;
  readonly create: () => Blake3;
}

type NativeModule = Pick<typeof import('@napi-rs/blake-hash'), 'blake3' | 'Blake3Hasher'>;

/** Hashers of all kinds behind one shape; the update of each returns something of its own. */
class Incremental implements Blake3 {
  readonly #update: (bytes: Uint8Array) => unknown;
  readonly #digest: () => Uint8Array;

  constructor(update: (bytes: Uint8Array) => unknown, digest: () => Uint8Array) {
    this.#update = update;
    this.#digest = digest;
  }

  update(bytes: Uint8Array): this {
    this.#update(demandBytes(bytes, 'bytes'));
    return this;
  }

  digest(): Uint8Array {
    return this.#digest();
  }
}

function loadNative(): NativeModule | undefined {
  try {
    const module = globalThis.process?.getBuiltinModule?.('node:module');
    return module?.createRequire(import.meta.url)('@napi-rs/blake-hash');
  } catch {
    // The optional package is absent, or has no binary for this platform.
    return undefined;
  }
}

function nativeBackend(): Blake3Backend | undefined {
  const native = loadNative();
  if (native === undefined) return undefined;
  return {
    name: 'native',
    hash: (bytes) => new Uint8Array(native.blake3(bytes)),
    create: () => {
      const hasher = new native.Blake3Hasher();
      return new Incremental(
        (bytes) => hasher.update(bytes),
        () => new Uint8Array(hasher.digestBuffer()),
      );
    },
  };
}

const jit: Blake3Backend = {
  name: 'jit',
  hash: (bytes) => jitHash(bytes),
  create: () => {
    const hasher = createHasher();
    return new Incremental(
      (bytes) => hasher.update(bytes),
      () => hasher.finalize(),
    );
  },
};

const portable: Blake3Backend = {
  name: 'portable',
  hash: (bytes) => portableBlake3(bytes),
  create: () => {
    const hasher = portableBlake3.create();
    return new Incremental(
      (bytes) => hasher.update(bytes),
      () => hasher.digest(),
    );
  },
};

/** BLAKE3 of 5,121 bytes that count up modulo 251, from the official test vectors. */
const PROBE_DIGEST = [98, 139, 210, 203, 32, 4, 105, 74, 218, 171, 123, 189, 119, 138, 37, 223];

/** Whether the backend works here: a platform may hold the file and refuse to run it. */
function works(backend: Blake3Backend): boolean {
  const probe = Uint8Array.from({ length: 5121 }, (_, index) => index % 251);
  try {
    const digest = backend.hash(probe);
    return digest.length === 32 && PROBE_DIGEST.every((byte, index) => digest[index] === byte);
  } catch {
    return false;
  }
}

/** The backends that work here, the fastest first. */
export const backends: readonly Blake3Backend[] = [nativeBackend(), jit, portable].filter(
  (backend) => backend !== undefined && works(backend),
) as Blake3Backend[];
