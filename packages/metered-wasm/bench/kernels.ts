import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

/** Compiles the five kernels from AssemblyScript. */
export async function compileKernels(): Promise<Uint8Array<ArrayBuffer>> {
  const baseDir = fileURLToPath(new URL('..', import.meta.url));
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(
    [
      'assembly/kernels.ts',
      ...['--baseDir', baseDir, '--outFile', 'kernels.wasm', '--runtime', 'minimal', '--use', 'abort='],
      ...['-O3', '--noAssert'],
    ],
    {
      writeFile(_name: string, contents: Uint8Array | string) {
        if (typeof contents !== 'string') binary = contents;
      },
    },
  );
  if (error !== null || binary === undefined)
    throw new Error(`no kernels: ${stderr.toString()}`, { cause: error });
  return binary.slice();
}
