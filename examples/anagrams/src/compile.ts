import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';
import { wasmPath } from './paths.ts';

/** Compiles the guest from its AssemblyScript source; a pure computation, so that tests need no build. */
export async function compile(): Promise<Uint8Array> {
  const baseDir = fileURLToPath(new URL('..', import.meta.url));
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(
    [
      'assembly/index.ts',
      ...['--baseDir', baseDir, '--outFile', 'anagrams.wasm', '--runtime', 'stub', '--use', 'abort='],
      ...['-O3', '--noAssert', '--converge'],
    ],
    {
      writeFile(_name: string, contents: Uint8Array | string) {
        if (typeof contents !== 'string') binary = contents;
      },
    },
  );
  if (error !== null || binary === undefined) {
    throw new Error(`the guest does not compile: ${stderr.toString()}`, { cause: error });
  }
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(new URL('.', `file://${wasmPath()}`), { recursive: true });
  await writeFile(wasmPath(), await compile());
}
