import { headerHash } from '@hypermesh/consensus';
import { type OperationId, toHex } from '@hypermesh/core';
import { proofTerms } from '../../ledger/proof-terms.ts';
import type { MeshServices } from '../../services.ts';
import type { ServiceCall, ServiceMethods } from './method.ts';
import { badParameter, bytes, text } from './parameters.ts';

/** What can be asked of the ledger itself. */
export const ledgerMethods: ServiceMethods = {
  final: finalBlock,
  'proof-terms': async ({ ledger }) => proofTerms(ledger),
  evidence: ({ evidence }, { params, signal }) => evidence(text(params, 'folder'), signal),
  async submit({ ledger }, { params, signal }) {
    const { id, height } = await ledger.submit(bytes(params, 'transaction'), signal);
    return { id, height };
  },
  async missing({ ledger }, { params }) {
    const { operations } = params;
    if (!Array.isArray(operations)) throw badParameter('operations', 'a list of operation ids');
    const isFinal = (id: unknown) =>
      typeof id === 'string' && ledger.ledger.operation(id as OperationId)?.code === 'ok';
    return { missing: operations.filter((id) => !isFinal(id)) };
  },
};

/** Waits until a height is final and applied here; says who signed for it. */
async function finalBlock({ ledger, members }: MeshServices, { params, tell, signal }: ServiceCall) {
  const { height } = params;
  if (!Number.isSafeInteger(height) || Number(height) < 1) throw badParameter('height', 'a number from 1');
  tell(`waiting for block ${height} to be final`);
  await ledger.applied(Number(height), signal);
  const proof = await ledger.validator.proof(Number(height));
  if (proof === undefined) throw new TypeError(`block ${height} is applied and must be stored`);
  const validators = ledger.validators.map((node) => members.get(node)?.name ?? node);
  return {
    chain: ledger.chainId,
    height,
    hash: toHex(headerHash(proof.header)),
    signers: proof.certificate.signers,
    validators,
  };
}
