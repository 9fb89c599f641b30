import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { launchOptions } from './chromium.ts';
import { nodeModules } from './portable/node-modules.ts';
import { filesLeftOut, portableTests } from './portable/packages.ts';

/** Shared memory without the headers that a page needs for it. */
const SHARED_MEMORY = '--enable-features=SharedArrayBuffer';

/** The vitest project that runs the tests of the portable packages in the Chromium at `path`. */
export function browserProject(path: string) {
  const options = launchOptions(path);
  return {
    extends: true as const,
    plugins: [nodeModules(fileURLToPath(new URL('../../../', import.meta.url)))],
    server: { watch: null },
    optimizeDeps: { force: true },
    resolve: { conditions: ['@hypermesh/source', 'browser', 'module', 'import', 'default'] },
    test: {
      name: 'browser',
      include: portableTests(),
      exclude: filesLeftOut(),
      setupFiles: [fileURLToPath(new URL('./portable/leave-out.ts', import.meta.url))],
      testTimeout: 120_000,
      globalSetup: [],
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { ...options, args: [...options.args, SHARED_MEMORY] } }),
        instances: [{ browser: 'chromium' as const }],
      },
    },
  };
}
