import { domainMessage, fromHex, toHex } from '@hypermesh/core';
import { type ByteReader, ByteWriter } from './bytes.ts';

const VOTE_DOMAIN = 'hypermesh/consensus/vote/v1';
const NO_BLOCK = new Uint8Array(32);

/** Hex of a block's 32-byte hash; empty in a nullify vote, which names no block. */
export type BlockId = string;

/** What a vote says about its view: the block is good; the view is given up; the block is final. */
export type VoteKind = 'notarize' | 'nullify' | 'finalize';

/** What is signed, apart from the chain. */
export interface VoteBody {
  readonly kind: VoteKind;
  readonly view: number;
  readonly block: BlockId;
}

/** A signed vote; `signature` is 64 bytes of Ed25519. */
export interface Vote extends VoteBody {
  readonly signer: number;
  readonly signature: Uint8Array;
}

const KINDS: readonly (VoteKind | undefined)[] = [undefined, 'notarize', 'nullify', 'finalize'];
const CODES: Readonly<Record<VoteKind, number>> = { notarize: 1, nullify: 2, finalize: 3 };

/** Bytes of `kind, view, digest`: the fixed head of votes and certificates, 41 bytes. */
export const VOTE_HEAD_BYTES = 41;
/** Head, signer (2 bytes), signature (64). */
export const VOTE_BYTES: number = VOTE_HEAD_BYTES + 2 + 64;

/** The 32 bytes of a block id; zeros for a nullify vote. */
export function idBytes(id: BlockId): Uint8Array {
  if (id === '') return NO_BLOCK;
  const verdict = fromHex(id);
  return verdict.ok ? verdict.bytes : NO_BLOCK;
}

/** Writes kind, view and digest. */
export function writeVoteHead(writer: ByteWriter, { kind, view, block }: VoteBody): ByteWriter {
  return writer.u8(CODES[kind]).u53(view).put(idBytes(block));
}

/** The head of a vote or certificate, or undefined when its kind is unknown or its digest does not fit the kind. */
export function readVoteHead(reader: ByteReader): VoteBody | undefined {
  const kind = KINDS[reader.u8()];
  const view = reader.u53();
  const digest = reader.take(32);
  if (reader.failed || kind === undefined || view < 1) return undefined;
  const named = digest.some((byte) => byte !== 0);
  if (named === (kind === 'nullify')) return undefined;
  return { kind, view, block: named ? toHex(digest) : '' };
}

/** The bytes that a validator signs: domain, chain (32 bytes), kind, view and digest. */
export function voteMessage(chain: Uint8Array, body: VoteBody): Uint8Array {
  return domainMessage(VOTE_DOMAIN, chain, writeVoteHead(new ByteWriter(VOTE_HEAD_BYTES), body).bytes);
}

/** Writes a vote with signer and signature. */
export function writeVote(writer: ByteWriter, vote: Vote): ByteWriter {
  return writeVoteHead(writer, vote).u16(vote.signer).put(vote.signature);
}

/** A vote of one of `validators`, its signature unchecked; undefined when malformed. The signature is a copy. */
export function readVote(reader: ByteReader, validators: number): Vote | undefined {
  const head = readVoteHead(reader);
  const signer = reader.u16();
  const signature = reader.take(64);
  if (head === undefined || reader.failed || signer >= validators) return undefined;
  return { ...head, signer, signature: new Uint8Array(signature) };
}
