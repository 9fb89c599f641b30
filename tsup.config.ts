import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

/**
 * One recipe for every package: ES modules from src/, one entry per exported sub-path, so that a new sub-path is
 * added in package.json alone. Declarations come from tsc.
 */
const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, { '@hypermesh/source'?: string } | string>;
};
const entry = Object.values(exports).flatMap((target) =>
  typeof target === 'object' && target['@hypermesh/source'] !== undefined
    ? [target['@hypermesh/source']]
    : [],
);

export default defineConfig({
  entry: Object.fromEntries(entry.map((file) => [file.replace(/^\.\/src\//, '').replace(/\.ts$/, ''), file])),
  format: ['esm'],
  target: 'node24',
  dts: false,
  sourcemap: true,
  clean: true,
});
