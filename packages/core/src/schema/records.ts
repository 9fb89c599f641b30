import { decodeCanonical } from '../codec/decode.ts';
import { encodeCanonical } from '../codec/encode.ts';
import type { DecodeLimits, DecodeReason } from '../codec/value.ts';
import { CoreError } from '../failure.ts';
import { Mismatch, type Schema } from './schema.ts';

/** A checked value, or why and where it is refused: `path` as in `$.votes[3].signature`; `offset` for bytes. */
export type RecordVerdict<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: DecodeReason; readonly path: string; readonly offset?: number };

/**
 * Reads bytes that must be the canonical form of a value of `schema`. Never throws; bounded by `limits` as
 * `decodeCanonical` is. What it accepts, `encodeRecord` turns into the same bytes.
 */
export function decodeRecord<T>(
  schema: Schema<T>,
  bytes: Uint8Array,
  limits?: DecodeLimits,
): RecordVerdict<T> {
  const decoded = decodeCanonical(bytes, limits);
  if (!decoded.ok) return { ok: false, reason: decoded.reason, path: '$', offset: decoded.offset };
  return verdict(schema.read(decoded.value, true));
}

/** Whether a value made here fits `schema`. Copies and changes nothing; what passes can be encoded. */
export function checkRecord<T>(schema: Schema<T>, value: unknown): RecordVerdict<T> {
  return verdict(schema.read(value, false));
}

/** The canonical bytes of a value of `schema`; throws `core/not-a-record` with reason and path when it does not fit. */
export function encodeRecord<T>(schema: Schema<T>, value: T): Uint8Array {
  const checked = checkRecord(schema, value);
  if (checked.ok) return encodeCanonical(checked.value);
  const { reason, path } = checked;
  throw new CoreError(
    { code: 'core/not-a-record', reason, path },
    `${path} does not fit its schema: ${reason}`,
  );
}

function verdict<T>(read: unknown): RecordVerdict<T> {
  return read instanceof Mismatch
    ? { ok: false, reason: read.reason, path: read.path }
    : { ok: true, value: read as T };
}
