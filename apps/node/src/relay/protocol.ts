import { decodeRecord, encodeRecord, type NodeId, record, s, type Verdict } from '@hypermesh/core';
import type { ByteStream, Peer } from '@hypermesh/stoq';

/**
 * Byte streams between a member and its relay. Each begins with a header, u16 length and a canonical record.
 *
 *   relay/open/1    asker to relay: a circuit to a member. Lives as long as the circuit; the first byte back is 1.
 *   relay/offer/1   relay to the other member: somebody's circuit. That member's first byte is 1.
 *   relay/way/1     either member to the relay: one stream within the circuit.
 *   relay/onward/1  relay to the other member: that stream, carried on.
 */
export const openStream = 'relay/open/1';
export const offerStream = 'relay/offer/1';
export const wayStream = 'relay/way/1';
export const onwardStream = 'relay/onward/1';

const header = record({
  v: s.literal(1),
  circuit: s.bytes({ length: 16 }),
  /** The other member: to whom it shall lead, or from whom it comes. */
  other: s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' }),
});

/** What leads each stream. */
export interface RelayHeader {
  /** 16 bytes in hex. */
  readonly circuit: string;
  readonly other: NodeId;
}

const mostHeaderBytes = 256;

/** The header in its frame. */
export function encodeHeader({ circuit, other }: RelayHeader): Uint8Array {
  const body = encodeRecord(header, { v: 1, circuit: Uint8Array.from(Buffer.from(circuit, 'hex')), other });
  const framed = Buffer.alloc(2 + body.length);
  framed.writeUInt16BE(body.length);
  framed.set(body, 2);
  return framed;
}

/** A byte stream read in exact amounts, with what is left over for whoever goes on reading. */
export interface StreamReader {
  /** Exactly so many bytes, or undefined where the stream ends before. */
  take(length: number): Promise<Uint8Array | undefined>;
  /** What comes next, or undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
}

/** Reads a stream. */
export function readerOf(stream: ByteStream<Peer>): StreamReader {
  let rest: Uint8Array = new Uint8Array();
  const more = async (): Promise<Uint8Array | undefined> => {
    const { value, done } = await stream.source.next();
    return done === true ? undefined : (value as Uint8Array);
  };
  return {
    async take(length) {
      while (rest.length < length) {
        const piece = await more();
        if (piece === undefined) return undefined;
        rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      }
      const taken = rest.subarray(0, length);
      rest = rest.subarray(length);
      return taken;
    },
    async next() {
      if (rest.length === 0) return await more();
      const piece = rest;
      rest = new Uint8Array();
      return piece;
    },
  };
}

/** Reads the header of a stream. */
export async function readHeader(reader: StreamReader): Promise<Verdict<RelayHeader>> {
  const size = await reader.take(2);
  const length = size === undefined ? 0 : ((size[0] ?? 0) << 8) | (size[1] ?? 0);
  if (length === 0 || length > mostHeaderBytes) return { ok: false, reason: 'length' };
  const body = await reader.take(length);
  if (body === undefined) return { ok: false, reason: 'truncated' };
  const decoded = decodeRecord(header, body);
  if (!decoded.ok) return { ok: false, reason: decoded.reason };
  return {
    ok: true,
    circuit: Buffer.from(decoded.value.circuit).toString('hex'),
    other: decoded.value.other,
  };
}
