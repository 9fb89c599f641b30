import type { ProofBinding } from '@hypermesh/catalog/extension';
import { decodeTransaction, verifyOperation } from '@hypermesh/consensus';
import { encodeCanonical, equalBytes, type Verdict } from '@hypermesh/core';
import type { ConsensusPort } from '@hypermesh/extension-sdk/host';
import type { LedgerService } from '../ledger/service.ts';
import { verifyContextAt } from '../run/admission.ts';

/** Which operation has to be proven for a call of the catalog. */
const kindOf: Readonly<Record<string, string>> = {
  'catalog.publish': 'package.publish',
  'catalog.install': 'package.install',
  'catalog.update': 'package.install',
};

/** Proofs as this node's ledger judges them: a proof is an encoded transaction, an operation with its four proofs. */
export function ledgerProofs(ledger: LedgerService): {
  readonly consensus: ConsensusPort;
  readonly binds: ProofBinding;
} {
  return {
    consensus: {
      async check({ method, proof, signal }): Promise<Verdict<object>> {
        if (!(proof instanceof Uint8Array)) return { ok: false, reason: 'a proof is an encoded transaction' };
        const opened = decodeTransaction(proof);
        if (!opened.ok) return { ok: false, reason: opened.reason };
        const { operation, encoded } = opened;
        if (operation.kind !== kindOf[method]) return { ok: false, reason: `proves ${operation.kind}` };
        const context = await verifyContextAt(encoded.proof, ledger);
        const verdict = await verifyOperation(operation, encoded.proof, {
          ...context,
          ...(signal === undefined ? {} : { signal }),
        });
        return verdict.ok ? { ok: true } : { ok: false, reason: `${verdict.leg}: ${verdict.reason}` };
      },
    },
    async binds({ kind, key, value }, proof) {
      const opened = proof instanceof Uint8Array ? decodeTransaction(proof) : undefined;
      if (!opened?.ok) return { ok: false, reason: 'no transaction' };
      const { operation } = opened;
      const isAbout =
        operation.kind === kind &&
        equalBytes(encodeCanonical(operation.body), encodeCanonical({ key, value: { ...value } }));
      return isAbout ? { ok: true } : { ok: false, reason: 'the proof is about something else' };
    },
  };
}
