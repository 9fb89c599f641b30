import { encodeFinalityProof } from '@hypermesh/consensus/light';
import { toHex } from '@hypermesh/core';
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
import { profileMeanings } from '../../status.ts';
import type { Handlers } from './method.ts';

/** What happened on the ledger. */
export const historyHandlers: Handlers<
  'ledger' | 'validators' | 'blocks' | 'block' | 'proof' | 'operations' | 'operation' | 'operation-status'
> = {
  ledger: ({ facts, ledger }) => ledgerSummary(facts.ledger, profileMeanings[ledger.genesis.profile] ?? ''),
  validators: ({ facts }) => validatorList(facts.ledger),
  blocks: ({ facts }, { params }) => blockPage(facts.ledger, params),
  block: ({ facts }, { params }) => blockAt(facts.ledger, params.height),
  async proof({ ledger }, { params: { height, index } }) {
    const proof = await ledger.validator.proof(height, index);
    if (proof !== undefined) return { height, proof: toHex(encodeFinalityProof(proof)) };
    throw new NodeError(
      { code: 'node/not-found', what: `block ${height}`, next: 'see the last one: hypermesh ledger status' },
      `There is no proof of that place in block ${height} here`,
    );
  },
  operations: ({ facts }, { params }) => operationPage(facts.ledger, params),
  operation: ({ facts }, { params, signal }) => viewOperation(facts.ledger, params.id, signal),
  'operation-status': ({ facts }, { params }) => operationStatus(facts.ledger, params.id),
};
