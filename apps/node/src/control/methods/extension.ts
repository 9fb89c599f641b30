import type { ServiceMethods } from './method.ts';

/** What can be asked of the extensions of this node. */
export const extensionMethods: ServiceMethods = {
  extensions: async ({ extensions }) => extensions.describe(),
  'extension-audit-verify': async ({ extensions }) => extensions.verifyAudit(),
};
