import { encodeFinalityProof } from '@hypermesh/consensus/light';
import { type NodeId, toHex } from '@hypermesh/core';
import { transferList } from '../../content/answers.ts';
import { NodeError } from '../../errors.ts';
import {
  blockAt,
  blockPage,
  ledgerSummary,
  operationPage,
  operationStatus,
  validatorList,
} from '../../ledger/answers.ts';
import { viewOperation } from '../../ledger/operation-view.ts';
import { linkList } from '../../mesh/topology.ts';
import { runPage, runRecord } from '../../run/answers.ts';
import type { MeshServices } from '../../services.ts';
import { profileMeanings } from '../../status.ts';
import { logPage, logProof, nameLine, trustSummary } from '../../trust/answers.ts';
import type { ServiceMethods } from './method.ts';
import { bytes, memberOf, type Params, text } from './parameters.ts';

const nameIn =
  ({ members }: MeshServices) =>
  (node: NodeId) =>
    members.get(node)?.name ?? node;
const given = <T>(params: Params) => params as T;

/** What happened, for pages and commands. */
export const factMethods: ServiceMethods = {
  ledger: async ({ facts, ledger }) =>
    ledgerSummary(facts.ledger, profileMeanings[ledger.genesis.profile] ?? ''),
  validators: async ({ facts }) => validatorList(facts.ledger),
  blocks: async ({ facts }, { params }) => blockPage(facts.ledger, given(params)),
  block: async ({ facts }, { params }) => blockAt(facts.ledger, Number(params['height'])),
  operations: async ({ facts }, { params }) => operationPage(facts.ledger, given(params)),
  operation: ({ facts }, { params, signal }, { clock }) =>
    viewOperation(facts.ledger, text(params, 'id'), clock, signal),
  'operation-status': async ({ facts }, { params }) => operationStatus(facts.ledger, text(params, 'id')),
  async submit({ ledger, facts }, { params, signal }) {
    const transaction = bytes(params, 'transaction');
    if (params['wait'] === false) return facts.ledger.submissions.accept(transaction);
    const { id, height } = await ledger.submit(transaction, signal);
    return { id, height, status: 'valid' };
  },
  async proof({ ledger }, { params }) {
    const { height, index } = given<{ height: number; index?: number }>(params);
    const proof = await ledger.validator.proof(height, index);
    if (proof === undefined) {
      throw new NodeError(
        {
          code: 'node/not-found',
          what: `block ${height}`,
          next: 'see the last one: hypermesh ledger status',
        },
        `There is no proof of block ${height} here`,
      );
    }
    return { height, proof: toHex(encodeFinalityProof(proof)) };
  },
  runs: async (services, { params }) => runPage(services.runLookup, nameIn(services), given(params)),
  'run-record': async (services, { params }) => {
    const { lease, role } = given<{ lease: string; role?: 'asked' | 'executed' }>(params);
    return runRecord(services.runLookup, nameIn(services), lease, role);
  },
  rerun: (services, { params, tell, signal }) => {
    const on = params['on'] === undefined ? undefined : memberOf(services, text(params, 'on'));
    const lease = text(params, 'lease');
    return services.rerun({ lease, ...(on === undefined ? {} : { on }) }, tell, signal);
  },
  transfers: async (services) =>
    transferList(services.facts.transfers, services.facts.roots, nameIn(services)),
  topology: async ({ facts, members }, _, { config, nodeId }) =>
    linkList(facts.links, { name: config.name, nodeId, members, book: facts.trust.book }),
  trust: async ({ facts }) => trustSummary(facts.trust),
  'trust-log': ({ facts }, { params, signal }) => logPage(facts.trust, given(params), signal),
  'trust-proof': ({ facts }, { params, signal }) => logProof(facts.trust, given(params), signal),
  names: async ({ facts }) => ({
    names: facts.trust.names.list().map((name) => nameLine(facts.trust, name)),
  }),
  resolve: async ({ facts }, { params }) =>
    nameLine(facts.trust, facts.trust.names.resolve(text(params, 'name'))),
};
