import { encodeReport } from '@hypermesh/ngauge';
import type { ServiceMethods } from './method.ts';
import { integer, memberOf, text } from './parameters.ts';

const dayMs = 86_400_000n;

/** Value: balances, transfers, paying for runs, and what was used. */
export const walletMethods: ServiceMethods = {
  wallet: async ({ wallet }, { params }) => ({
    ...wallet.balances(params['audit'] === true),
    holds: wallet.holds(),
    history: wallet.history(Number(integer(params, 'limit', 20n))),
  }),
  transfer: (services, { params, signal, tell }) => {
    const to = memberOf(services, text(params, 'to'));
    const note = params['note'] === undefined ? '' : text(params, 'note');
    tell('proving space, time, work and stake, and ordering the transfer');
    return services.wallet.transfer(to, integer(params, 'amount'), note, signal);
  },
  settle: ({ wallet }, { params, signal, tell }) => {
    tell('proving space, time, work and stake, and ordering the settlement');
    return wallet.settle(text(params, 'lease'), signal);
  },
  expire: ({ wallet }, { params, signal }) => wallet.expire(text(params, 'lease'), signal),
  async usage({ wallet }, { params }) {
    const toMs = integer(params, 'toMs', BigInt(Date.now()));
    const fromMs = integer(params, 'fromMs', toMs > dayMs ? toMs - dayMs : 1n);
    const report = wallet.usage(Number(fromMs), Number(toMs));
    return { ...report, cid: encodeReport(report).cid };
  },
};
