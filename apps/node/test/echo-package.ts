import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { echo } from './guests.ts';

/** Writes the package `echo`, whose program says what its input is. */
export function writeEchoPackage(path: string, version = '1.2.3'): void {
  mkdirSync(path);
  writeFileSync(join(path, 'program.wasm'), echo);
  writeFileSync(join(path, 'input.txt'), 'the same bytes again');
  writeFileSync(
    join(path, 'catalog.yaml'),
    `apiVersion: catalog.v1
kind: AssetPackage
metadata: { name: echo, version: ${version}, tags: [bytes] }
spec:
  description: says what it is told
  type: vm.wasm
  content: { files: [program.wasm, input.txt], entrypoint: program.wasm, args: [run, input.txt] }
`,
  );
}
