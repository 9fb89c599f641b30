import type { Verdict } from '@hypermesh/core';
import { toHex } from '@hypermesh/core';
import { type Block, type BlockLimits, type BlockReason, createBlockDecoder } from './block.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  type Certificate,
  type CertificateReason,
  certificateBytes,
  readCertificate,
  writeCertificate,
} from './certificate.ts';
import type { FinalizedEntryMessage, Message } from './message.ts';
import { idBytes, readVote, VOTE_BYTES, writeVote } from './vote.ts';

/** What travels between validators: agreement messages and batches of transactions. */
export type WireMessage = Message | { readonly type: 'txs'; readonly txs: readonly Uint8Array[] };

/** What a decoder must know about the chain. */
export interface WireContext extends BlockLimits {
  readonly validators: number;
  readonly quorum: number;
  /** Greatest total size of the blocks in one `finalized` message. */
  readonly maxBatchBytes: number;
}

/** Why bytes from a peer are no message. */
type WireReason =
  | 'empty'
  | 'unknown-type'
  | 'too-large'
  | 'truncated'
  | 'trailing-bytes'
  | 'vote'
  | 'view-range'
  | 'too-many'
  | `certificate:${CertificateReason}`
  | `block:${BlockReason}`;

const CODE: Readonly<Record<WireMessage['type'], number>> = {
  vote: 1,
  certificate: 2,
  block: 3,
  'get-block': 4,
  'get-certificates': 5,
  status: 6,
  'get-finalized': 7,
  finalized: 8,
  txs: 9,
};
const TYPES: readonly (WireMessage['type'] | undefined)[] = [
  undefined,
  ...(Object.keys(CODE) as WireMessage['type'][]),
];

/** Most views that one `get-certificates` may name. */
export const MAX_CERTIFICATE_RANGE = 64;
/** Most blocks in one `finalized` message. */
export const MAX_BATCH_BLOCKS = 4_096;
/** Most transactions in one `txs` message. */
const MAX_TXS_MESSAGE = 1_024;

/** Bytes of a message, one array that the receiver of the call owns. */
export function encodeMessage(message: WireMessage, validators: number): Uint8Array {
  const start = (length: number): ByteWriter => new ByteWriter(1 + length).u8(CODE[message.type]);
  switch (message.type) {
    case 'vote':
      return writeVote(start(VOTE_BYTES), message.vote).bytes;
    case 'certificate': {
      const { certificate } = message;
      const length = certificateBytes(validators, certificate.signers.length);
      return writeCertificate(start(length), certificate, validators).bytes;
    }
    case 'block':
      return start(message.block.bytes.length).put(message.block.bytes).bytes;
    case 'get-block':
      return start(32).put(idBytes(message.id)).bytes;
    case 'get-certificates':
      return start(16).u53(message.from).u53(message.to).bytes;
    case 'status':
      return start(24).u53(message.view).u53(message.finalizedView).u53(message.height).bytes;
    case 'get-finalized':
      return start(8).u53(message.height).bytes;
    case 'finalized':
      return encodeFinalized(message.entries, validators, start);
    case 'txs': {
      const writer = start(message.txs.reduce((sum, tx) => sum + 4 + tx.length, 2)).u16(message.txs.length);
      for (const tx of message.txs) writer.u32(tx.length).put(tx);
      return writer.bytes;
    }
    default:
      return message satisfies never;
  }
}

function encodeFinalized(
  entries: readonly FinalizedEntryMessage[],
  validators: number,
  start: (length: number) => ByteWriter,
): Uint8Array {
  const sizeOf = (certificate: Certificate | undefined): number =>
    certificate === undefined ? 0 : certificateBytes(validators, certificate.signers.length);
  const total = entries.reduce(
    (sum, entry) => sum + 5 + entry.block.bytes.length + sizeOf(entry.certificate),
    2,
  );
  const writer = start(total).u16(entries.length);
  for (const { block, certificate } of entries) {
    writer
      .u32(block.bytes.length)
      .put(block.bytes)
      .u8(certificate === undefined ? 0 : 1);
    if (certificate !== undefined) writeCertificate(writer, certificate, validators);
  }
  return writer.bytes;
}

type Decoded = Verdict<{ message: WireMessage }, WireReason>;
const refused = (reason: WireReason): { readonly ok: false; readonly reason: WireReason } => ({
  ok: false,
  reason,
});

/** A decoder of one chain's messages: bounded, strict, never throws. Blocks keep views into the given bytes. */
export function createMessageDecoder(context: WireContext): (bytes: Uint8Array) => Decoded {
  const { validators, quorum } = context;
  const decodeBlock = createBlockDecoder(context);
  const block = (bytes: Uint8Array): Block | WireReason => {
    const verdict = decodeBlock(bytes);
    return verdict.ok ? verdict.block : `block:${verdict.reason}`;
  };
  const whole = (reader: ByteReader, message: WireMessage): Decoded => {
    if (reader.failed) return refused('truncated');
    return reader.remaining > 0 ? refused('trailing-bytes') : { ok: true, message };
  };

  const decodeFinalized = (reader: ByteReader): Decoded => {
    const count = reader.u16();
    if (count > MAX_BATCH_BLOCKS) return refused('too-many');
    const entries: FinalizedEntryMessage[] = [];
    for (let index = 0; index < count; index += 1) {
      const bytes = reader.take(reader.u32());
      const certified = reader.u8();
      if (reader.failed || certified > 1) return refused('truncated');
      const decoded = block(bytes);
      if (typeof decoded === 'string') return refused(decoded);
      const certificate = certified === 1 ? readCertificate(reader, validators, quorum) : undefined;
      if (typeof certificate === 'string') return refused(`certificate:${certificate}`);
      entries.push({ block: decoded, certificate });
    }
    return whole(reader, { type: 'finalized', entries });
  };

  const decodeTxs = (reader: ByteReader): Decoded => {
    const count = reader.u16();
    if (count > MAX_TXS_MESSAGE) return refused('too-many');
    const txs: Uint8Array[] = [];
    for (let index = 0; index < count; index += 1) {
      const length = reader.u32();
      if (length > context.maxTxBytes) return refused('too-large');
      txs.push(new Uint8Array(reader.take(length)));
      if (reader.failed) return refused('truncated');
    }
    return whole(reader, { type: 'txs', txs });
  };

  return (bytes) => {
    if (bytes.length === 0) return refused('empty');
    if (bytes.length > Math.max(context.maxBatchBytes, context.maxBlockBytes) + 65_536)
      return refused('too-large');
    const reader = new ByteReader(bytes);
    const type = TYPES[reader.u8()];
    switch (type) {
      case undefined:
        return refused('unknown-type');
      case 'vote': {
        const vote = readVote(reader, validators);
        if (vote === undefined) return refused(reader.failed ? 'truncated' : 'vote');
        return whole(reader, { type, vote });
      }
      case 'certificate': {
        const certificate = readCertificate(reader, validators, quorum);
        if (typeof certificate === 'string') return refused(`certificate:${certificate}`);
        return whole(reader, { type, certificate });
      }
      case 'block': {
        const decoded = block(bytes.subarray(1));
        return typeof decoded === 'string'
          ? refused(decoded)
          : { ok: true, message: { type, block: decoded } };
      }
      case 'get-block':
        return whole(reader, { type, id: toHex(reader.take(32)) });
      case 'get-certificates': {
        const from = reader.u53();
        const to = reader.u53();
        const inRange = from >= 1 && to >= from && to - from < MAX_CERTIFICATE_RANGE;
        if (!reader.failed && !inRange) return refused('view-range');
        return whole(reader, { type, from, to });
      }
      case 'status':
        return whole(reader, { type, view: reader.u53(), finalizedView: reader.u53(), height: reader.u53() });
      case 'get-finalized':
        return whole(reader, { type, height: reader.u53() });
      case 'finalized':
        return decodeFinalized(reader);
      case 'txs':
        return decodeTxs(reader);
      default:
        return type satisfies never;
    }
  };
}
