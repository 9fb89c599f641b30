import { NodeError } from '../../errors.ts';
import { callOperation } from '../../extensions/call.ts';
import type { Extensions } from '../../extensions/service.ts';
import type { ExtensionView } from '../../extensions/view.ts';
import type { ServiceMethods } from './method.ts';
import { type Params, text, texts } from './parameters.ts';

async function viewOf(extensions: Extensions, id: string): Promise<ExtensionView> {
  const views = await extensions.views();
  const found = views.find((each) => each.id === id);
  if (found !== undefined) return found;
  const next = `there are: ${views.map((each) => each.id).join(', ') || 'none'}`;
  throw new NodeError({ code: 'node/not-found', what: id, next }, `There is no extension called ${id}`);
}

const choiceOf = (params: Params, signal: AbortSignal) => ({
  grants: params['grants'] === undefined ? [] : texts(params, 'grants'),
  trusted: params['trusted'] === true,
  dryRun: params['dryRun'] === true,
  signal,
});

/** What an operator asks of the extensions of this node, and does with them. */
export const extensionMethods: ServiceMethods = {
  extensions: async ({ extensions }) => ({ extensions: await extensions.views(), pins: extensions.pins }),
  'extension-info': ({ extensions }, { params }) => viewOf(extensions, text(params, 'id')),
  'extension-load': ({ extensions }, { params, signal }) =>
    extensions.operator.load(text(params, 'folder'), choiceOf(params, signal)),
  'extension-reload': ({ extensions }, { params, signal }) => {
    const from = params['folder'] === undefined ? {} : { from: text(params, 'folder') };
    return extensions.operator.reload(text(params, 'id'), { ...choiceOf(params, signal), ...from });
  },
  async 'extension-unload'({ extensions }, { params }) {
    const id = text(params, 'id');
    await extensions.operator.unload(id);
    return { id };
  },
  async 'extension-activate'({ extensions }, { params }) {
    await extensions.operator.activate(text(params, 'id'));
    return viewOf(extensions, text(params, 'id'));
  },
  async 'extension-deactivate'({ extensions }, { params }) {
    await extensions.operator.deactivate(text(params, 'id'));
    return viewOf(extensions, text(params, 'id'));
  },
  async 'extension-grant'({ extensions }, { params }) {
    await extensions.operator.grant(text(params, 'id'), text(params, 'capability'));
    return viewOf(extensions, text(params, 'id'));
  },
  async 'extension-revoke'({ extensions }, { params }) {
    await extensions.operator.revoke(text(params, 'id'), text(params, 'capability'));
    return viewOf(extensions, text(params, 'id'));
  },
  async 'extension-call'({ extensions }, { params, signal, tell }) {
    const { input } = params;
    const asked = { id: text(params, 'id'), method: text(params, 'method'), input };
    return { result: await callOperation(extensions, asked, { signal, tell }) };
  },
  async 'extension-pin'({ extensions }, { params }) {
    await extensions.operator.pin(text(params, 'signer'), params['trusted'] === true);
    return { pins: extensions.pins };
  },
  async 'extension-unpin'({ extensions }, { params }) {
    const stopped = await extensions.operator.unpin(text(params, 'signer'));
    return { pins: extensions.pins, stopped };
  },
  'extension-sign': ({ extensions }, { params }) =>
    extensions.sign(text(params, 'folder'), text(params, 'out')),
  'extension-audit-verify': async ({ extensions }, { params }) => {
    const { limit = 0 } = params;
    const id = params['id'] === undefined ? {} : { id: text(params, 'id') };
    return extensions.verifyAudit({ ...id, limit: Math.min(500, Math.max(0, Number(limit) || 0)) });
  },
};
