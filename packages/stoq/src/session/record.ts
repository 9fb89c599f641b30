import { createSecretKey, type KeyObject } from 'node:crypto';
import { StoqError } from '../errors.ts';
import { open, seal, TAG_BYTES } from './aead.ts';
import { giveBuffer, takeBuffer } from './buffers.ts';
import { RECORD_BYTES } from './record-bounds.ts';

/** Bytes before each sealed record: its length and whether it is the last. */
export const HEAD_BYTES = 4;
const END_FLAG = 0x80_00_00_00;
const MAX_SEALED = RECORD_BYTES + TAG_BYTES;

/** Bytes that a session's keys may still seal and open; `spend` throws `stoq/closed` once they are used up. */
export interface KeyBudget {
  spend(bytes: number): void;
}

/** Seals one direction of one stream, record after record: `u32 head` (bit 31 says that it is the last), ciphertext ‖ tag. */
export class RecordSealer {
  readonly #key: KeyObject;
  readonly #budget: KeyBudget;
  #counter = 0n;

  constructor(key: Uint8Array, budget: KeyBudget) {
    this.#key = createSecretKey(key);
    this.#budget = budget;
  }

  /** Seals at most `RECORD_BYTES` plain bytes behind a clear `prefix`; the result may be given back with `giveBuffer`. */
  seal(plain: Uint8Array, isLast: boolean, prefix: Uint8Array = NOTHING): Uint8Array {
    this.#budget.spend(plain.length + TAG_BYTES);
    const record = takeBuffer(prefix.length + HEAD_BYTES + plain.length + TAG_BYTES);
    record.set(prefix);
    const head = record.subarray(prefix.length, prefix.length + HEAD_BYTES);
    head.writeUInt32BE((plain.length + TAG_BYTES + (isLast ? END_FLAG : 0)) >>> 0);
    let at = prefix.length + HEAD_BYTES;
    for (const part of seal(this.#key, this.#counter, head, plain)) {
      record.set(part, at);
      at += part.length;
    }
    this.#counter += 1n;
    return record;
  }
}

/** What a record holds, and whether it is the direction's last. */
export interface OpenedRecord {
  readonly plain: Uint8Array;
  readonly isLast: boolean;
}

/** Opens one direction of one stream. Memory: one record and one carrier read at most. */
export class RecordOpener {
  readonly #key: KeyObject;
  readonly #budget: KeyBudget;
  #counter = 0n;
  #input: Uint8Array = NOTHING;
  /** The record under way, longer than what came in one piece. */
  #partial: { readonly head: Uint8Array; readonly body: Uint8Array; filled: number } | undefined;

  constructor(key: Uint8Array, budget: KeyBudget) {
    this.#key = createSecretKey(key);
    this.#budget = budget;
  }

  /** Hands in what the carrier read; only when `next` answered undefined. */
  push(bytes: Uint8Array): void {
    const partial = this.#partial;
    if (partial !== undefined) {
      const taken = bytes.subarray(0, partial.body.length - partial.filled);
      partial.body.set(taken, partial.filled);
      partial.filled += taken.length;
      this.#input = bytes.subarray(taken.length);
      return;
    }
    this.#input = this.#input.length === 0 ? bytes : Buffer.concat([this.#input, bytes]);
  }

  /** Whether bytes are here that no record has taken up yet. */
  get hasInput(): boolean {
    return this.#partial !== undefined || this.#input.length > 0;
  }

  /** The next whole record, or undefined while it is not there. Throws `stoq/record`. */
  next(): OpenedRecord | undefined {
    const partial = this.#partial;
    if (partial !== undefined) {
      if (partial.filled < partial.body.length) return undefined;
      this.#partial = undefined;
      const record = this.#open(partial.head, partial.body);
      giveBuffer(partial.body);
      return record;
    }
    if (this.#input.length < HEAD_BYTES) return undefined;
    const head = this.#input.subarray(0, HEAD_BYTES);
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0) & ~END_FLAG;
    if (length < TAG_BYTES || length > MAX_SEALED) throw bad('bad-length');
    const available = this.#input.subarray(HEAD_BYTES);
    if (available.length >= length) {
      this.#input = available.subarray(length);
      return this.#open(head, available.subarray(0, length));
    }
    const body = takeBuffer(length);
    body.set(available);
    this.#partial = { head, body, filled: available.length };
    this.#input = NOTHING;
    return undefined;
  }

  #open(head: Uint8Array, sealed: Uint8Array): OpenedRecord {
    this.#budget.spend(sealed.length);
    const plain = open(this.#key, this.#counter, head, sealed);
    if (plain === undefined) throw bad('decrypt-failed');
    this.#counter += 1n;
    return { plain, isLast: ((head[0] ?? 0) & 0x80) !== 0 };
  }
}

function bad(reason: 'bad-length' | 'decrypt-failed'): StoqError {
  return new StoqError({ code: 'stoq/record', reason });
}

const NOTHING = new Uint8Array();
