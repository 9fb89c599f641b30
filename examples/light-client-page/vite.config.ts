import { defineConfig } from 'vite';

export default defineConfig({
  resolve: { conditions: ['@hypermesh/source', 'browser', 'module', 'import', 'default'] },
  build: { target: 'esnext' },
});
