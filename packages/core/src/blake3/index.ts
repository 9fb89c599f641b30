import { demandBytes } from '../bytes.ts';
import { type Blake3, type Blake3Backend, type Blake3BackendName, backends } from './backends.ts';

export type { Blake3, Blake3Backend, Blake3BackendName };

const fastest = backends[0] as Blake3Backend;

/** Up to this many bytes, one chunk of BLAKE3, the way into native code and back costs more than the hash. */
const SHORT_BYTES = 1024;
const shortest = blake3Backend('jit') ?? fastest;

/** The backend in use for all but short inputs. Digests do not depend on it. */
export const backend: Blake3BackendName = fastest.name;

/** BLAKE3 (specification of 2020) of the bytes: 32 bytes. */
export function blake3(bytes: Uint8Array): Uint8Array {
  demandBytes(bytes, 'bytes');
  return (bytes.length <= SHORT_BYTES ? shortest : fastest).hash(bytes);
}

/** A BLAKE3 hash over bytes that arrive in parts. */
export function createBlake3(): Blake3 {
  return fastest.create();
}

/** One backend by name, undefined where it does not work: to compare them. */
export function blake3Backend(name: Blake3BackendName): Blake3Backend | undefined {
  return backends.find((candidate) => candidate.name === name);
}
