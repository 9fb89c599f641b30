/**
 * `node:crypto` where the host is Node (or alike), else undefined: the portable paths then do the work. Asked for at
 * run time, so that bundles for browsers hold no import of it.
 */
export const nodeCrypto: typeof import('node:crypto') | undefined =
  globalThis.process?.getBuiltinModule?.('node:crypto');
