import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { main } from 'assemblyscript/asc';

/** Compiles the guest into dist/anagrams.wasm. */
const root = fileURLToPath(new URL('..', import.meta.url));
await mkdir(`${root}/dist`, { recursive: true });
const { error, stderr } = await main([
  'assembly/index.ts',
  ...['--baseDir', root, '--outFile', 'dist/anagrams.wasm', '--runtime', 'stub', '--use', 'abort='],
  ...['-O3', '--noAssert', '--converge'],
]);
if (error !== null) {
  process.stderr.write(`${stderr.toString()}\n${error.message}\n`);
  process.exitCode = 1;
}
