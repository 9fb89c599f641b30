import { type CanonicalValue, domainHash, encodeCanonical, type Infer, record, s } from '@hypermesh/core';

const posting = record({ from: s.text(133), to: s.text(133), amount: s.bigint() });

/** What an entry says. Its id never names anything else; the hash of this makes it known again. */
export const entryBody = record({
  v: s.literal(1),
  kind: s.union(
    s.literal('mint'),
    s.literal('transfer'),
    s.literal('hold'),
    s.literal('post'),
    s.literal('void'),
    s.literal('expire'),
  ),
  id: s.text(128),
  postings: s.array(posting, 4),
  /** Free text of the caller: an operation, a lease, a note. */
  ref: s.text(256),
  /** The hold that the entry opens or changes, empty otherwise. */
  hold: s.text(128),
  /** Of a `hold`: whom it is for, and the ledger time from which it can only expire. */
  for: s.text(128),
  expiresMs: s.uint(),
  /** Of a `post`: whether what remains went back. */
  closes: s.bool(),
  /** Bytes of the caller that belong to the entry: a lease's terms, a settlement. */
  detail: s.bytes({ max: 2_048 }),
});

/** One movement: `amount` leaves `from` and comes to `to`, so that every entry sums to zero. */
export type Posting = Infer<typeof posting>;
export type EntryBody = Infer<typeof entryBody>;

/** An entry of the journal. `body` is absent where the books began with a snapshot that lies after it. */
export interface Entry {
  readonly index: number;
  readonly id: string;
  /** Ledger time, which never goes back. */
  readonly atMs: number;
  /** Hash of the body, 32 bytes. */
  readonly hash: Uint8Array;
  readonly body?: EntryBody;
}

/** What an account has: to spend, and put aside in holds. Base units. */
export interface Balance {
  readonly available: bigint;
  readonly held: bigint;
}

/** Value that was put aside by `from` for `to`. `remaining` of `amount` can still be posted while it is pending. */
export interface Hold {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly amount: bigint;
  readonly remaining: bigint;
  /** What went back to `from` when it was closed. */
  readonly returned: bigint;
  readonly expiresMs: number;
  readonly status: 'pending' | 'posted' | 'voided' | 'expired';
  readonly ref: string;
}

/** The end of the journal and what stands beside it. */
export interface Head {
  /** Entries so far: the index of the next one. */
  readonly length: number;
  /** Hash of the chain up to the last entry, 32 bytes. */
  readonly hash: Uint8Array;
  readonly atMs: number;
  /** All that was ever minted. */
  readonly issued: bigint;
  readonly accounts: number;
  readonly holds: number;
}

/** Hash of an entry's body. */
export function bodyHash(body: EntryBody): Uint8Array {
  return domainHash('hypermesh/caesar/entry/v1', encodeCanonical(body));
}

/** The chain's next hash: over the one before, the entry's place and time, and its body's hash. */
export function chainHash(previous: Uint8Array, { index, atMs, hash }: Entry): Uint8Array {
  const link = new Uint8Array(80);
  const view = new DataView(link.buffer);
  link.set(previous, 0);
  view.setBigUint64(32, BigInt(index));
  view.setBigUint64(40, BigInt(atMs));
  link.set(hash, 48);
  return domainHash('hypermesh/caesar/chain/v1', link);
}

/** The chain before the first entry. */
export const emptyChain: Uint8Array = new Uint8Array(32);

type Fields = Readonly<Record<string, CanonicalValue>>;

/** Canonical integers come back as numbers where they are small: amounts are bigint again. */
const amount = (value: CanonicalValue | undefined): bigint => BigInt(value as number | bigint);

/** Reads an account's record. */
export function readBalance(value: CanonicalValue | undefined): Balance {
  if (value === undefined) return { available: 0n, held: 0n };
  const fields = value as Fields;
  return { available: amount(fields['available']), held: amount(fields['held']) };
}

/** Reads a hold's record. */
export function readHold(value: CanonicalValue): Hold {
  const fields = value as unknown as Hold;
  return {
    ...fields,
    amount: BigInt(fields.amount),
    remaining: BigInt(fields.remaining),
    returned: BigInt(fields.returned),
  };
}

/** Reads the head; the one before the first entry where there is none. */
export function readHead(value: CanonicalValue | undefined): Head {
  if (value === undefined) return { length: 0, hash: emptyChain, atMs: 0, issued: 0n, accounts: 0, holds: 0 };
  const fields = value as unknown as Head;
  return { ...fields, issued: BigInt(fields.issued) };
}

/** Reads an entry's record. */
export function readEntry(value: CanonicalValue): Entry {
  const entry = value as unknown as Entry;
  if (entry.body === undefined) return entry;
  const postings = entry.body.postings.map((one) => ({ ...one, amount: BigInt(one.amount) }));
  return { ...entry, body: { ...entry.body, postings } };
}
