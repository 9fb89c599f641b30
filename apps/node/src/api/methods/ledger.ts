import { headerHash } from '@hypermesh/consensus';
import { type OperationId, toHex } from '@hypermesh/core';
import type { Handlers } from './method.ts';
import { bytes } from './parameters.ts';

/** What can be asked of the ledger itself. */
export const ledgerHandlers: Handlers<'final' | 'evidence' | 'submit' | 'missing'> = {
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
  evidence: ({ evidence }, { params, signal }) => evidence(params.folder, signal),
  async submit({ ledger }, { params, signal }) {
    const { id, height } = await ledger.submit(bytes('transaction', params.transaction), signal);
    return { id, height };
  },
  missing({ ledger }, { params }) {
    const isFinal = (id: string) => ledger.ledger.operation(id as OperationId)?.code === 'ok';
    return { missing: params.operations.filter((id) => !isFinal(id)) };
  },
};
