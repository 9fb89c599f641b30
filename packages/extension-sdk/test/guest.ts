import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

/** Compiles the guest of these tests from AssemblyScript. */
export async function compileGuest(): Promise<Uint8Array<ArrayBuffer>> {
  const baseDir = fileURLToPath(new URL('..', import.meta.url));
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await main(
    [
      ...['assembly/guest.ts', '--baseDir', baseDir, '--outFile', 'guest.wasm'],
      ...['--runtime', 'minimal', '--use', 'abort=', '-O3', '--noAssert'],
    ],
    {
      writeFile(_name: string, contents: Uint8Array | string) {
        if (typeof contents !== 'string') binary = new Uint8Array(contents);
      },
    },
  );
  if (error !== null || binary === undefined)
    throw new Error(`no guest: ${stderr.toString()}`, { cause: error });
  return binary;
}
