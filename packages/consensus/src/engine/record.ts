import { type Block, createBlockDecoder } from './block.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { type Certificate, certificateBytes, readCertificate, writeCertificate } from './certificate.ts';
import type { LogRecord } from './state.ts';
import { readVoteHead, VOTE_HEAD_BYTES, writeVoteHead } from './vote.ts';

const CODE = { vote: 1, block: 2, certificate: 3 } as const;

/** No limit but the decoder's own: what lies on the own disk passed the limits when it came. */
const decodeBlock = createBlockDecoder({
  maxBlockBytes: 256 * 1024 * 1024,
  maxBlockTxs: 1 << 20,
  maxTxBytes: 256 * 1024 * 1024,
});

/** Bytes of an entry of the write-ahead log. */
export function encodeLogRecord(record: LogRecord, validators: number): Uint8Array {
  const start = (length: number): ByteWriter => new ByteWriter(1 + length).u8(CODE[record.type]);
  switch (record.type) {
    case 'vote':
      return writeVoteHead(start(VOTE_HEAD_BYTES), record).bytes;
    case 'block':
      return start(record.block.bytes.length).put(record.block.bytes).bytes;
    case 'certificate': {
      const length = certificateBytes(validators, record.certificate.signers.length);
      return writeCertificate(start(length), record.certificate, validators).bytes;
    }
    default:
      return record satisfies never;
  }
}

/** An entry of the log, or undefined when the bytes are none. */
export function decodeLogRecord(
  bytes: Uint8Array,
  validators: number,
  quorum: number,
): LogRecord | undefined {
  const reader = new ByteReader(bytes);
  switch (reader.u8()) {
    case CODE.vote: {
      const head = readVoteHead(reader);
      return head === undefined || reader.remaining > 0 ? undefined : { type: 'vote', ...head };
    }
    case CODE.block: {
      const verdict = decodeBlock(bytes.subarray(1));
      return verdict.ok ? { type: 'block', block: verdict.block } : undefined;
    }
    case CODE.certificate: {
      const certificate = readCertificate(reader, validators, quorum);
      if (typeof certificate === 'string' || reader.remaining > 0) return undefined;
      return { type: 'certificate', certificate };
    }
    default:
      return undefined;
  }
}

/** A block of the block store with the certificate that made it final, if it was that block that was certified. */
export interface StoredBlock {
  readonly block: Block;
  readonly certificate: Certificate | undefined;
}

/** Bytes of an entry of the block store. */
export function encodeStoredBlock({ block, certificate }: StoredBlock, validators: number): Uint8Array {
  const size = certificate === undefined ? 0 : certificateBytes(validators, certificate.signers.length);
  const writer = new ByteWriter(1 + size + block.bytes.length).u8(certificate === undefined ? 0 : 1);
  if (certificate !== undefined) writeCertificate(writer, certificate, validators);
  return writer.put(block.bytes).bytes;
}

/** An entry of the block store, or undefined when the bytes are none. */
export function decodeStoredBlock(
  bytes: Uint8Array,
  validators: number,
  quorum: number,
): StoredBlock | undefined {
  const reader = new ByteReader(bytes);
  const isCertified = reader.u8() === 1;
  const certificate = isCertified ? readCertificate(reader, validators, quorum) : undefined;
  if (typeof certificate === 'string') return undefined;
  const verdict = decodeBlock(reader.take(reader.remaining));
  return verdict.ok ? { block: verdict.block, certificate } : undefined;
}
