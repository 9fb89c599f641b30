import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { echo } from './guests.ts';

/** Writes the package `echo@1.2.3`, whose program says what its input is. */
export function writeEchoPackage(path: string): void {
  mkdirSync(path);
  writeFileSync(join(path, 'program.wasm'), echo);
  writeFileSync(join(path, 'input.txt'), 'the same bytes again');
  writeFileSync(
    join(path, 'catalog.yaml'),
    `apiVersion: catalog.v1
kind: AssetPackage
metadata: { name: echo, version: 1.2.3, tags: [bytes] }
spec:
  description: says what it is told
  type: vm.wasm
  content: { files: [program.wasm, input.txt], entrypoint: program.wasm, args: [run, input.txt] }
`,
  );
}
