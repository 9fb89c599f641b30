import { equalBytes, type Verdict } from '@hypermesh/core';
import type { BookReader } from './book.ts';
import { holdAccount, ISSUER } from './limits.ts';
import { bodyHash, chainHash, type EntryBody, emptyChain } from './records.ts';

/** What does not agree in damaged books; `at` names the entry's place, the account or the hold. */
export type AuditReason =
  | 'entry-missing'
  | 'entry-altered'
  | 'chain-differs'
  | 'balance-differs'
  | 'hold-differs'
  /** All accounts and holds together are not what was minted. */
  | 'not-conserved';

/** `total` is what all accounts have, put aside or not: exactly what was minted. */
export type Audit = Verdict<{ readonly entries: number; readonly total: bigint }, AuditReason> & {
  readonly at?: string;
};

const wrong = (reason: AuditReason, at: string): Audit => ({ ok: false, reason, at });

/**
 * Recomputes the chain and all balances from the journal and compares them with what stands in the state. Entries
 * from before a snapshot are taken by their hash, and their balances by the sum alone.
 */
export function auditBooks(reader: BookReader): Audit {
  const head = reader.head();
  const expected = new Map<string, bigint>();
  let chain = emptyChain;
  let isWhole = true;
  for (let index = 0; index < head.length; index++) {
    const entry = reader.entry(index);
    if (entry === undefined || entry.index !== index) return wrong('entry-missing', String(index));
    if (entry.body === undefined) isWhole = false;
    else {
      if (!equalBytes(bodyHash(entry.body), entry.hash)) return wrong('entry-altered', String(index));
      if (entry.body.id !== entry.id || reader.entryOf(entry.id)?.index !== index)
        return wrong('entry-altered', String(index));
      addPostings(expected, entry.body);
    }
    chain = chainHash(chain, entry);
  }
  if (!equalBytes(chain, head.hash)) return wrong('chain-differs', String(head.length));

  const held = new Map<string, bigint>();
  let total = 0n;
  for (let index = 0; index < head.holds; index++) {
    const id = reader.holdAt(index);
    const hold = reader.hold(id);
    if (hold === undefined || hold.remaining < 0n || (hold.status !== 'pending' && hold.remaining !== 0n))
      return wrong('hold-differs', id);
    if (isWhole && (expected.get(holdAccount(id)) ?? 0n) !== hold.remaining) return wrong('hold-differs', id);
    held.set(hold.from, (held.get(hold.from) ?? 0n) + hold.remaining);
  }
  for (let index = 0; index < head.accounts; index++) {
    const account = reader.accountAt(index);
    const balance = reader.balance(account);
    const isRight = balance.available >= 0n && balance.held === (held.get(account) ?? 0n);
    if (!isRight || (isWhole && (expected.get(account) ?? 0n) !== balance.available))
      return wrong('balance-differs', account);
    total += balance.available + balance.held;
  }
  if (total !== head.issued || (isWhole && -(expected.get(ISSUER) ?? 0n) !== total))
    return wrong('not-conserved', String(total));
  return { ok: true, entries: head.length, total };
}

function addPostings(balances: Map<string, bigint>, { postings }: EntryBody): void {
  for (const { from, to, amount } of postings) {
    balances.set(from, (balances.get(from) ?? 0n) - amount);
    balances.set(to, (balances.get(to) ?? 0n) + amount);
  }
}
