/**
 * Node's built-in modules where the host has them, else undefined and the portable paths do the work. Asked for at
 * run time, so that bundles for browsers hold no import of them.
 */
export const nodeCrypto: typeof import('node:crypto') | undefined =
  globalThis.process?.getBuiltinModule?.('node:crypto');
export const nodeThreads: typeof import('node:worker_threads') | undefined =
  globalThis.process?.getBuiltinModule?.('node:worker_threads');
export const nodeFiles: typeof import('node:fs') | undefined =
  globalThis.process?.getBuiltinModule?.('node:fs');
