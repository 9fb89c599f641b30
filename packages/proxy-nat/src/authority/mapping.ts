import {
  decodeRecord,
  domainMessage,
  encodeRecord,
  equalBytes,
  record,
  s,
  type Verdict,
} from '@hypermesh/core';
import { covers, formatPrefix, type Prefix } from '../address/plan.ts';
import { addressBytes, addressOf, type HolderKey, seal, unseal, type VerifySignature } from './signed.ts';

const domain = 'hypermesh/proxy-nat/mapping/v1';

const body = record({
  v: s.literal(1),
  address: s.bytes({ length: 16 }),
  length: s.uint(128),
  holder: s.bytes({ length: 32 }),
  home: s.text(128),
  epoch: s.uint(),
  fromMs: s.uint(),
  untilMs: s.uint(),
});

/** A statement of the holder of some addresses: this is their home, until then or until a higher epoch. */
export interface MappingRecord {
  readonly prefix: Prefix;
  /** Ed25519 public key of the holder. */
  readonly holder: Uint8Array;
  /** Who serves the addresses, in the words of the transport, such as a NodeId. */
  readonly home: string;
  /** Of two records of one prefix the higher epoch counts. */
  readonly epoch: number;
  /** Validity in Unix milliseconds, `[fromMs, untilMs)`. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Why a mapping record is not believed. */
export type MappingReason = 'malformed' | 'signature' | 'not-yet' | 'expired';

/** Signs a mapping record; the holder in it is the key. */
export function signMapping(mapping: Omit<MappingRecord, 'holder'>, key: HolderKey): Uint8Array {
  const { prefix, home, epoch, fromMs, untilMs } = mapping;
  const bytes = encodeRecord(body, {
    v: 1,
    address: addressBytes(prefix.address),
    length: prefix.length,
    holder: key.publicKey,
    home,
    epoch,
    fromMs,
    untilMs,
  });
  return seal(domain, bytes, key);
}

/** Checks form, signature and time. Whether the holder may hold these addresses is the `MappingBook`'s question. */
export function verifyMapping(
  bytes: Uint8Array,
  { verify, nowMs }: { readonly verify: VerifySignature; readonly nowMs: number },
): Verdict<{ readonly mapping: MappingRecord }, MappingReason> {
  const sealed = unseal(bytes);
  if (!sealed.ok) return sealed;
  const decoded = decodeRecord(body, sealed.body);
  if (!decoded.ok) return { ok: false, reason: 'malformed' };
  const { address, length, v: _, ...rest } = decoded.value;
  const prefix = { address: addressOf(address), length };
  const hostBits = (1n << BigInt(128 - length)) - 1n;
  if ((prefix.address & hostBits) !== 0n) return { ok: false, reason: 'malformed' };
  if (!verify(sealed.signature, domainMessage(domain, sealed.body), rest.holder))
    return { ok: false, reason: 'signature' };
  if (nowMs < rest.fromMs) return { ok: false, reason: 'not-yet' };
  if (nowMs >= rest.untilMs) return { ok: false, reason: 'expired' };
  return { ok: true, mapping: { prefix, ...rest } };
}

/** Why a book does not take a record. */
export type BookReason = MappingReason | 'not-delegated' | 'held' | 'stale-epoch' | 'full';

/** The mapping records that a node believes: one per prefix, the highest epoch, from whom the addresses are delegated to. */
export interface MappingBook {
  /** Takes a record, or says why not. The same record again is fine. */
  accept(bytes: Uint8Array, nowMs: number): Verdict<{ readonly mapping: MappingRecord }, BookReason>;
  /** The valid record with the longest prefix that covers the address. */
  lookup(address: bigint, nowMs: number): MappingRecord | undefined;
}

/**
 * Makes a book. `mayHold` says whether a key was delegated a prefix, for instance by its certificate chain. A prefix
 * inside that of another holder is refused as `held` while that record is valid.
 */
export function createMappingBook(ports: {
  readonly verify: VerifySignature;
  readonly mayHold: (holder: Uint8Array, prefix: Prefix) => boolean;
  /** Most records; 4,096 unless told. */
  readonly capacity?: number;
}): MappingBook {
  const { verify, mayHold, capacity = 4096 } = ports;
  const records = new Map<string, MappingRecord>();
  return {
    accept(bytes, nowMs) {
      const checked = verifyMapping(bytes, { verify, nowMs });
      if (!checked.ok) return checked;
      const { mapping } = checked;
      if (!mayHold(mapping.holder, mapping.prefix)) return { ok: false, reason: 'not-delegated' };
      const key = formatPrefix(mapping.prefix);
      const known = records.get(key);
      if (known !== undefined && equalBytes(known.holder, mapping.holder)) {
        if (mapping.epoch < known.epoch) return { ok: false, reason: 'stale-epoch' };
        if (mapping.epoch === known.epoch && !isSame(mapping, known))
          return { ok: false, reason: 'stale-epoch' };
      }
      for (const other of records.values()) {
        const isOverlap = covers(other.prefix, mapping.prefix) || covers(mapping.prefix, other.prefix);
        const isOver = nowMs >= other.untilMs;
        if (isOverlap && !isOver && !equalBytes(other.holder, mapping.holder))
          return { ok: false, reason: 'held' };
      }
      if (known === undefined && records.size >= capacity) {
        for (const [other, { untilMs }] of records) if (nowMs >= untilMs) records.delete(other);
        if (records.size >= capacity) return { ok: false, reason: 'full' };
      }
      records.set(key, mapping);
      return { ok: true, mapping };
    },
    lookup(address, nowMs) {
      let best: MappingRecord | undefined;
      for (const mapping of records.values()) {
        if (nowMs < mapping.fromMs || nowMs >= mapping.untilMs || !covers(mapping.prefix, address)) continue;
        if (best === undefined || mapping.prefix.length > best.prefix.length) best = mapping;
      }
      return best;
    },
  };
}

const isSame = (a: MappingRecord, b: MappingRecord): boolean =>
  a.home === b.home && a.fromMs === b.fromMs && a.untilMs === b.untilMs;
