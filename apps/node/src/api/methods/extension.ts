import type { Handlers } from './method.ts';

/** What can be asked of the extensions of this node. */
export const extensionHandlers: Handlers<'extensions' | 'extension-audit-verify'> = {
  extensions: ({ extensions }) => extensions.describe(),
  'extension-audit-verify': ({ extensions }) => extensions.verifyAudit(),
};
