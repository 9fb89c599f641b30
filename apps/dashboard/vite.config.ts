import { defineConfig } from 'vite';

/** The pages, from the sources of the workspace: everything they need ends up in `dist/pages`, under hashed names. */
export default defineConfig({
  root: 'src',
  resolve: { conditions: ['@hypermesh/source', 'browser', 'module', 'import', 'default'] },
  build: {
    outDir: '../dist/pages',
    emptyOutDir: true,
    assetsDir: 'files',
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    target: 'es2023',
    // The first with `light-dark()`, which is written out in all its colours for older ones.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    reportCompressedSize: false,
  },
});
