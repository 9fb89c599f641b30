type NodeCrypto = typeof import('node:crypto');

/** Node's own cryptography where there is one; a browser has none, and noble computes there. */
export const nodeCrypto: NodeCrypto | undefined = globalThis.process?.getBuiltinModule?.('node:crypto');

/** The same for code that runs only where it was found to be there. Throws elsewhere. */
export function demandNodeCrypto(): NodeCrypto {
  if (nodeCrypto === undefined) throw new Error('node:crypto is not here');
  return nodeCrypto;
}
