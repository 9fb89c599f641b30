import { dirname } from 'node:path';

/**
 * The catalog as an extension package: one module that imports nothing, with its manifest and papers beside it, in
 * dist/hypermesh.catalog. A node signs this folder with its own keys before it loads it.
 */
export default {
  entry: { extension: 'src/extension/index.ts' },
  outDir: 'dist/hypermesh.catalog',
  publicDir: 'extension',
  format: ['esm'],
  target: 'node24',
  platform: 'neutral',
  outExtension: () => ({ js: '.mjs' }),
  noExternal: [/.*/],
  splitting: false,
  treeshake: true,
  sourcemap: false,
  clean: true,
  dts: false,
  silent: true,
  esbuildOptions(options) {
    options.conditions = ['@hypermesh/source', 'import', 'default'];
    options.mainFields = ['module', 'main'];
  },
  esbuildPlugins: [
    {
      // Core looks for native code by `createRequire`, which would be a way out of the bundle; what is hashed here is small.
      name: 'portable-blake3',
      setup(build) {
        build.onLoad({ filter: /[\\/]core[\\/]src[\\/]blake3[\\/]index\.ts$/ }, ({ path }) => ({
          contents: `import { blake3 as portable } from '@noble/hashes/blake3.js';
            export const blake3 = (bytes) => portable(bytes);`,
          resolveDir: dirname(path),
          loader: 'js',
        }));
      },
    },
  ],
};
