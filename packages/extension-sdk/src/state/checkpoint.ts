import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import {
  decodeRecord,
  domainMessage,
  encodeRecord,
  fromUtf8,
  record,
  s,
  utf8,
  type Verdict,
} from '@hypermesh/core';
import type { JsonValue } from '../json.ts';
import { fromWire, toWire } from '../tiers/wire.ts';

const MAX_BYTES = 64 * 2 ** 20;
const header = record({
  v: s.literal(1),
  id: s.text(128),
  stateVersion: s.uint(),
  counter: s.uint(),
  nonce: s.bytes({ length: 12 }),
});
const envelope = record({ header: s.bytes({ max: 512 }), sealed: s.bytes({ max: MAX_BYTES }) });

/** State of an extension as it was exported. */
export interface Checkpoint {
  readonly id: string;
  readonly stateVersion: number;
  /** Grows with every export of an extension on one host. */
  readonly counter: number;
  readonly state: JsonValue;
}

/** Why bytes are not a checkpoint that may be restored. */
export type CheckpointReason =
  | 'malformed'
  | 'not-authentic'
  | 'other-extension'
  | 'rolled-back'
  | 'newer-version'
  | 'no-state';

/** Remembers the newest counter of each extension's state; `set` is durable when it returns. */
export interface CounterStore {
  get(extension: string): number;
  set(extension: string, counter: number): void;
}

/** Counters in memory: enough where a host never outlives its checkpoints. */
export function memoryCounters(): CounterStore {
  const counters = new Map<string, number>();
  return { get: (id) => counters.get(id) ?? 0, set: (id, counter) => void counters.set(id, counter) };
}

function keyOf(key: Uint8Array, id: string): Uint8Array {
  return new Uint8Array(
    hkdfSync('sha256', key, new Uint8Array(), utf8(`hypermesh/extension-sdk/state-key/v1 ${id}`), 32),
  );
}

function boundData(bytes: Uint8Array): Uint8Array {
  return domainMessage('hypermesh/extension-sdk/checkpoint/v1', bytes);
}

/** Seals a checkpoint with AES-256-GCM under a key of its own for each extension; the header is bound to it. */
export function sealCheckpoint(
  { id, stateVersion, counter, state }: Checkpoint,
  key: Uint8Array,
): Uint8Array {
  const nonce = new Uint8Array(randomBytes(12));
  const head = encodeRecord(header, { v: 1, id, stateVersion, counter, nonce });
  const cipher = createCipheriv('aes-256-gcm', keyOf(key, id), nonce);
  cipher.setAAD(boundData(head));
  const sealed = Buffer.concat([cipher.update(utf8(toWire(state))), cipher.final(), cipher.getAuthTag()]);
  return encodeRecord(envelope, { header: head, sealed: new Uint8Array(sealed) });
}

/** Opens a checkpoint of one extension. Whether it is the newest is for the caller to say. Never throws. */
export function openCheckpoint(
  bytes: Uint8Array,
  id: string,
  key: Uint8Array,
): Verdict<{ checkpoint: Checkpoint }, CheckpointReason> {
  const outer = decodeRecord(envelope, bytes, { maxBytes: MAX_BYTES + 1024 });
  if (!outer.ok) return { ok: false, reason: 'malformed' };
  const head = decodeRecord(header, outer.value.header);
  const { sealed } = outer.value;
  if (!head.ok || sealed.length < 16) return { ok: false, reason: 'malformed' };
  if (head.value.id !== id) return { ok: false, reason: 'other-extension' };
  try {
    const decipher = createDecipheriv('aes-256-gcm', keyOf(key, id), head.value.nonce);
    decipher.setAAD(boundData(outer.value.header));
    decipher.setAuthTag(sealed.subarray(-16));
    const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    const text = fromUtf8(new Uint8Array(plain));
    if (!text.ok) return { ok: false, reason: 'malformed' };
    const { stateVersion, counter } = head.value;
    return { ok: true, checkpoint: { id, stateVersion, counter, state: fromWire(text.text) } };
  } catch {
    return { ok: false, reason: 'not-authentic' };
  }
}
