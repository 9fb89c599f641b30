import type { Handlers } from './method.ts';

/** The node itself. */
export const nodeHandlers: Handlers<'status' | 'invitations'> = {
  status: ({ status }, { access }) => ({ ...status(), access }),
  invitations: ({ invitations }) => ({ invitations: invitations() }),
};
