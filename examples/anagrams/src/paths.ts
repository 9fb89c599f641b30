import { fileURLToPath } from 'node:url';

/** File of the compiled guest; it exists after `build`. */
export function wasmPath(): string {
  return fileURLToPath(new URL('../dist/anagrams.wasm', import.meta.url));
}

/** File of the guest's input: about 275,000 English words as a JSON array, 3.4 MB. */
export function dataPath(): string {
  return fileURLToPath(import.meta.resolve('an-array-of-english-words'));
}
