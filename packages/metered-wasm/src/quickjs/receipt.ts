import {
  checkRecord,
  cidOf,
  decodeRecord,
  encodeRecord,
  type RecordVerdict,
  type Schema,
  s,
} from '@hypermesh/core';
import { PROFILE } from '../profile.ts';
import { MAX_FUEL } from '../receipt.ts';

/** What the run of a script was and what it cost: whoever has files and input can run it again and must find the same. */
export interface ScriptReceipt {
  readonly v: 1;
  /** CID (raw, sha2-256) of the metered engine. */
  readonly engine: string;
  /** CID (raw, sha2-256) of what runs in the engine before the program. */
  readonly prelude: string;
  /** CID (dag-cbor, sha2-256) of the program's files: the list of `[path, SHA-256]`, sorted by path. */
  readonly code: string;
  readonly entry: string;
  /** Export that was called. */
  readonly call: string;
  /** Kind of the input: `nothing`, `text`, `bytes` or `json`, and the CID (raw, sha2-256) of its bytes. */
  readonly inputKind: 'nothing' | 'text' | 'bytes' | 'json';
  readonly input: string;
  /** The instant that the program had for a clock, in ms since 1970, where it had one. */
  readonly clockMs?: number | undefined;
  /** The seed of its random numbers, 32 bytes, where it had any. */
  readonly randomSeed?: Uint8Array | undefined;
  /** Pages of memory that it was given. It may see where they end, so they are part of what went in. */
  readonly memoryLimitPages: number;
  readonly outputKind: 'nothing' | 'text' | 'bytes' | 'json';
  readonly output: string;
  readonly fuel: bigint;
  readonly memoryPages: number;
  readonly profile: typeof PROFILE;
}

const content = { codec: 'raw', hash: 'sha2-256' } as const;
const kind = s.union(s.literal('nothing'), s.literal('text'), s.literal('bytes'), s.literal('json'));

const schema: Schema<ScriptReceipt> = s.record({
  v: s.literal(1),
  engine: s.cid(content),
  prelude: s.cid(content),
  code: s.cid({ codec: 'dag-cbor', hash: 'sha2-256' }),
  entry: s.text(1_024),
  call: s.text(256),
  inputKind: kind,
  input: s.cid(content),
  clockMs: s.optional(s.uint(8_640_000_000_000_000)),
  randomSeed: s.optional(s.bytes({ length: 32 })),
  memoryLimitPages: s.uint(65_536),
  outputKind: kind,
  output: s.cid(content),
  fuel: s.bigint(MAX_FUEL),
  memoryPages: s.uint(65_536),
  profile: s.literal(PROFILE),
});

/** The canonical bytes of a script's receipt, as they are signed and hashed. */
export function encodeScriptReceipt(receipt: ScriptReceipt): Uint8Array {
  return encodeRecord(schema, receipt);
}

/** Whether a value, from wherever it came, is a script's receipt. */
export function checkScriptReceipt(value: unknown): RecordVerdict<ScriptReceipt> {
  return checkRecord(schema, value);
}

/** Reads a script's receipt; never throws, refuses what is not canonical. */
export function decodeScriptReceipt(bytes: Uint8Array): RecordVerdict<ScriptReceipt> {
  return decodeRecord(schema, bytes, { maxBytes: 4_096 });
}

/** CID of the receipt's canonical bytes (dag-cbor, sha2-256). */
export function scriptReceiptCid(receipt: ScriptReceipt): string {
  return cidOf(encodeScriptReceipt(receipt), 'dag-cbor');
}
