import { randomBytes } from 'node:crypto';
import { boundGuard, readGuard } from '@hypermesh/consensus/storage';
import type { Log } from '@hypermesh/core';
import type { DataDirectory } from './data-directory.ts';
import { returnKind } from './ledger/return-rule.ts';
import type { LedgerService } from './ledger/service.ts';

/*
 * A restored validator must not sign below what it may have signed after the backup was made. It begins mute. It then
 * orders one operation that nobody can have known before the restore. When that is final in view u, a quorum without
 * this node voted in u after the restore. Had this node ever signed in a view v, a quorum stood at v - 1 before the
 * restore; each honest member of both is past v - 1, so u >= v - 1. From view u + 2 on it may sign.
 */

/**
 * Where the vote guard says that a restored validator must be mute: waits for the evidence, bounds the guard for the
 * next opening of the ledger, and answers why it is to be opened anew. Never resolves otherwise.
 */
export async function liftRestoredMute(
  directory: DataDirectory,
  ledger: LedgerService,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<string> {
  const guard = await readGuard(directory.ledger);
  if (guard?.isUnbounded !== true) return new Promise(() => undefined);
  log.warn('node.restored-mute', {
    next: 'an operation of this node must become final by the votes of others',
  });
  const { proof } = await ledger.act(returnKind, { nonce: randomBytes(32) }, signal);
  const { view } = proof.header;
  const bound = view + 1;
  log.info('node.restored-bound', { view, signsAfterView: bound });
  // The guard file belongs to this process while the ledger is open; nothing raises it while it is without bound.
  await boundGuard(directory.ledger, bound);
  return `the mesh finalized beyond what this validator may have signed: it signs after view ${bound}`;
}
