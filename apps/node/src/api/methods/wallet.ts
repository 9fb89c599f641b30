import { encodeReport } from '@hypermesh/ngauge';
import type { Handlers } from './method.ts';
import { integer, memberOf } from './parameters.ts';

const dayMs = 86_400_000;
const shownMovements = 20;

/** Value: balances, transfers, paying for runs, and what was used. */
export const walletHandlers: Handlers<'wallet' | 'transfer' | 'settle' | 'expire' | 'usage'> = {
  wallet: ({ wallet }, { params }) => ({
    ...wallet.balances(params.audit === true),
    holds: wallet.holds(),
    history: wallet.history(Number(params.limit ?? shownMovements)),
  }),
  transfer: (services, { params, signal, tell }) => {
    const to = memberOf(services, params.to);
    tell('proving space, time, work and stake, and ordering the transfer');
    return services.wallet.transfer(to, integer(params.amount), params.note ?? '', signal);
  },
  settle: ({ wallet }, { params, signal, tell }) => {
    tell('proving space, time, work and stake, and ordering the settlement');
    return wallet.settle(params.lease, signal);
  },
  expire: ({ wallet }, { params, signal }) => wallet.expire(params.lease, signal),
  usage({ wallet }, { params }) {
    const toMs = Number(params.toMs ?? Date.now());
    const fromMs = Number(params.fromMs ?? Math.max(1, toMs - dayMs));
    const report = wallet.usage(fromMs, toMs);
    return { ...report, cid: encodeReport(report).cid };
  },
};
