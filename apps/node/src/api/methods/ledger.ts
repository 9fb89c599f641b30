import { headerHash } from '@hypermesh/consensus';
import { type OperationId, toHex } from '@hypermesh/core';
import { proofTerms } from '../../ledger/proof-terms.ts';
import type { Handlers } from './method.ts';
import { bytes } from './parameters.ts';

/** What can be asked of the ledger itself. */
export const ledgerHandlers: Handlers<'final' | 'proof-terms' | 'evidence' | 'submit' | 'missing'> = {
  async final({ ledger, members }, { params, tell, signal }) {
    const { height } = params;
    tell(`waiting for block ${height} to be final`);
    await ledger.applied(height, signal);
    const proof = await ledger.validator.proof(height);
    if (proof === undefined) throw new TypeError(`block ${height} is applied and must be stored`);
    const validators = ledger.validators.map((node) => members.get(node)?.name ?? node);
    return {
      chain: ledger.chainId,
      height,
      hash: toHex(headerHash(proof.header)),
      signers: proof.certificate.signers,
      validators,
    };
  },
  'proof-terms': ({ ledger }) => proofTerms(ledger),
  evidence: ({ evidence }, { params, signal }) => evidence(params.folder, signal),
  async submit({ ledger, facts }, { params, signal }) {
    const transaction = bytes('transaction', params.transaction);
    if (params.wait === false) {
      const { id, status, height, leg, reason } = facts.ledger.submissions.accept(transaction);
      return { id, status, height, leg, reason };
    }
    const { id, height } = await ledger.submit(transaction, signal);
    return { id, height, status: 'valid' };
  },
  missing({ ledger }, { params }) {
    const isFinal = (id: string) => ledger.ledger.operation(id as OperationId)?.code === 'ok';
    return { missing: params.operations.filter((id) => !isFinal(id)) };
  },
};
