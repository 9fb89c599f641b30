import { domainHash, fromHex, toHex, utf8, type Verdict } from '@hypermesh/core';
import type { JsonObject } from '../json.ts';

/** One line of the log. `hash` covers all of it and the hash before. */
export interface AuditRecord {
  readonly seq: number;
  readonly atMs: number;
  readonly event: string;
  readonly extension: string;
  readonly detail: JsonObject;
  readonly hash: string;
}

/** The end of the chain that was signed last. */
export interface AuditHead {
  readonly v: 1;
  readonly seq: number;
  readonly hash: string;
  readonly signature: string;
}

/** The last record of what was dropped of a log, signed: the records that are left follow it. */
export interface AuditBase {
  readonly v: 1;
  readonly seq: number;
  readonly hash: string;
  readonly signature: string;
}

/** A record's place in a chain. */
export type ChainPlace = Pick<AuditRecord, 'seq' | 'hash'>;

/** Why a log is not what was written. */
export type AuditFault =
  | 'malformed'
  | 'broken-chain'
  | 'truncated'
  | 'no-head'
  | 'head-forged'
  | 'head-mismatch'
  | 'base-forged';

/** Hash of nothing: what the first record follows. */
export const firstHash = '00'.repeat(32);

/** Where a log begins of which nothing was dropped. */
export const chainStart: ChainPlace = { seq: 0, hash: firstHash };

/** The text of a record without its hash: this is what is hashed, byte for byte as it stands in the file. */
export function recordBody(record: Omit<AuditRecord, 'hash'>): string {
  const { seq, atMs, event, extension, detail } = record;
  return JSON.stringify({ seq, atMs, event, extension, detail });
}

/** Hash of a record after the one before, both in hex. */
export function chainHash(previous: string, body: string): string {
  const bytes = fromHex(previous);
  if (!bytes.ok) throw new TypeError('the previous hash is hex');
  return toHex(domainHash('hypermesh/extension-sdk/audit-record/v1', bytes.bytes, utf8(body)));
}

/** One line: the body with its hash as the last field. */
export function formatLine(body: string, hash: string): string {
  return `${body.slice(0, -1)},"hash":"${hash}"}`;
}

/** What a head's signature covers. */
export function headHash(seq: number, hash: string): Uint8Array {
  return domainHash('hypermesh/extension-sdk/audit-head/v1', utf8(`${seq} ${hash}`));
}

/** What a base's signature covers. */
export function baseHash({ seq, hash }: ChainPlace): Uint8Array {
  return domainHash('hypermesh/extension-sdk/audit-base/v1', utf8(`${seq} ${hash}`));
}

const linePattern = /^(\{"seq":(\d{1,15}),.*)(,"hash":"([0-9a-f]{64})"\})$/s;

/** Follows the chain line by line. */
function followChain(
  text: string,
  start: ChainPlace,
): Verdict<{ records: readonly AuditRecord[] }, { readonly fault: AuditFault; readonly line: number }> {
  const records: AuditRecord[] = [];
  let previous = start.hash;
  const lines = text.split('\n');
  if (lines.pop() !== '') return { ok: false, reason: { fault: 'malformed', line: lines.length + 1 } };
  for (const [index, line] of lines.entries()) {
    const at = index + 1;
    const match = linePattern.exec(line);
    const hash = match?.[4];
    if (match === null || hash === undefined) return { ok: false, reason: { fault: 'malformed', line: at } };
    if (Number(match[2]) !== start.seq + at || chainHash(previous, `${match[1]}}`) !== hash) {
      return { ok: false, reason: { fault: 'broken-chain', line: at } };
    }
    const record = parseRecord(line);
    if (record === undefined) return { ok: false, reason: { fault: 'malformed', line: at } };
    records.push(record);
    previous = hash;
  }
  return { ok: true, records };
}

function parseRecord(line: string): AuditRecord | undefined {
  try {
    const value = JSON.parse(line) as AuditRecord;
    const isRecord =
      typeof value.atMs === 'number' &&
      typeof value.event === 'string' &&
      typeof value.extension === 'string';
    return isRecord ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a file with a signed place; undefined for anything else. */
function parseSigned(text: string): AuditHead | undefined {
  try {
    const value = JSON.parse(text) as Partial<AuditHead> | null;
    if (value === null || typeof value !== 'object' || value.v !== 1) return undefined;
    const { seq, hash, signature } = value;
    if (!Number.isSafeInteger(seq) || typeof hash !== 'string' || typeof signature !== 'string')
      return undefined;
    return { v: 1, seq: seq as number, hash, signature };
  } catch {
    return undefined;
  }
}

/** The place that a base file signs for; undefined where it is not by this key. */
export function readBase(
  text: string,
  verify: (message: Uint8Array, signature: Uint8Array) => boolean,
): ChainPlace | undefined {
  const base = parseSigned(text);
  const signature = base === undefined ? undefined : fromHex(base.signature);
  if (base === undefined || !signature?.ok || !verify(baseHash(base), signature.bytes)) return undefined;
  return { seq: base.seq, hash: base.hash };
}

/**
 * Whether a log is what was written: an unbroken chain that reaches at least the signed head. Records after the head
 * are those of the moment before a crash; they are counted as `unsigned`. `start` is the last record that was dropped before.
 */
export function verifyAudit(
  text: string,
  headText: string | undefined,
  verify: (message: Uint8Array, signature: Uint8Array) => boolean,
  start: ChainPlace = chainStart,
): Verdict<
  { records: readonly AuditRecord[]; unsigned: number },
  { readonly fault: AuditFault; readonly line: number }
> {
  const followed = followChain(text, start);
  if (!followed.ok) return followed;
  const { records } = followed;
  const refuse = (fault: AuditFault, line: number) => ({ ok: false, reason: { fault, line } }) as const;
  if (headText === undefined)
    return records.length === 0 && start.seq === 0
      ? { ok: true, records, unsigned: 0 }
      : refuse('no-head', 0);
  const head = parseSigned(headText);
  const signature = head === undefined ? undefined : fromHex(head.signature);
  if (head === undefined || !signature?.ok) return refuse('head-forged', 0);
  if (!verify(headHash(head.seq, head.hash), signature.bytes)) return refuse('head-forged', 0);
  const signed = head.seq - start.seq;
  if (records.length < signed) return refuse('truncated', records.length + 1);
  const last = signed === 0 ? start.hash : records[signed - 1]?.hash;
  if (last !== head.hash) return refuse('head-mismatch', signed);
  return { ok: true, records, unsigned: records.length - signed };
}
