import type { Result, RouteId } from '@hypermesh/client';
import { NodeError } from '../../errors.ts';
import { callOperation } from '../../extensions/call.ts';
import type { Extensions } from '../../extensions/service.ts';
import type { Answer, Handlers } from './method.ts';

type View = Answer<Result<'extension-info'>>;

async function viewOf(extensions: Extensions, id: string): Promise<View> {
  const views = await extensions.views();
  const found = views.find((each) => each.id === id);
  if (found !== undefined) return found as View;
  const next = `there are: ${views.map((each) => each.id).join(', ') || 'none'}`;
  throw new NodeError({ code: 'node/not-found', what: id, next }, `There is no extension called ${id}`);
}

/** What an operator asks of the extensions of this node, and does with them. */
export const extensionHandlers: Handlers<Extract<RouteId, 'extensions' | `extension-${string}`>> = {
  extensions: async ({ extensions }) => ({
    extensions: (await extensions.views()) as readonly View[],
    pins: extensions.pins,
  }),
  'extension-info': ({ extensions }, { params }) => viewOf(extensions, params.id),
  'extension-load': ({ extensions }, { params: { folder, ...choice }, signal }) =>
    extensions.operator.load(folder, { ...choice, signal }),
  'extension-reload': ({ extensions }, { params: { id, folder, ...choice }, signal }) =>
    extensions.operator.reload(id, {
      ...choice,
      signal,
      ...(folder === undefined ? {} : { from: folder }),
    }),
  async 'extension-unload'({ extensions }, { params: { id } }) {
    await extensions.operator.unload(id);
    return { id };
  },
  async 'extension-activate'({ extensions }, { params: { id } }) {
    await extensions.operator.activate(id);
    return viewOf(extensions, id);
  },
  async 'extension-deactivate'({ extensions }, { params: { id } }) {
    await extensions.operator.deactivate(id);
    return viewOf(extensions, id);
  },
  async 'extension-grant'({ extensions }, { params: { id, capability } }) {
    await extensions.operator.grant(id, capability);
    return viewOf(extensions, id);
  },
  async 'extension-revoke'({ extensions }, { params: { id, capability } }) {
    await extensions.operator.revoke(id, capability);
    return viewOf(extensions, id);
  },
  async 'extension-call'({ extensions }, { params: { id, method, input }, signal, tell }) {
    return { result: await callOperation(extensions, { id, method, input }, { signal, tell }) };
  },
  async 'extension-pin'({ extensions }, { params: { signer, trusted = false } }) {
    await extensions.operator.pin(signer, trusted);
    return { pins: extensions.pins };
  },
  async 'extension-unpin'({ extensions }, { params: { signer } }) {
    const stopped = await extensions.operator.unpin(signer);
    return { pins: extensions.pins, stopped };
  },
  'extension-sign': ({ extensions }, { params: { folder, out } }) => extensions.sign(folder, out),
  'extension-audit-verify': ({ extensions }, { params: { id, limit = 0 } }) =>
    extensions.verifyAudit({ ...(id === undefined ? {} : { id }), limit }),
};
