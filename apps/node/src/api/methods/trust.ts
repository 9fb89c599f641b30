import { logPage, logProof, nameLine, trustSummary } from '../../trust/answers.ts';
import type { Handlers } from './method.ts';

/** Who is who: certificates, the transparency log, and names. */
export const trustHandlers: Handlers<'trust' | 'trust-log' | 'trust-proof' | 'names' | 'resolve'> = {
  trust: ({ facts }) => trustSummary(facts.trust),
  'trust-log': ({ facts }, { params, signal }) => logPage(facts.trust, params, signal),
  'trust-proof': ({ facts }, { params, signal }) => logProof(facts.trust, params, signal),
  names: ({ facts: { trust } }) => ({ names: trust.names.list().map((name) => nameLine(trust, name)) }),
  resolve: ({ facts: { trust } }, { params }) => nameLine(trust, trust.names.resolve(params.name)),
};
