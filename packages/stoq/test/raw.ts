import type { Carrier, CarrierConnection, CarrierStream } from '@hypermesh/stoq';
import { HandshakeChannel } from '../src/session/channel.ts';
import { dialHandshake } from '../src/session/handshake.ts';
import { RecordOpener, RecordSealer } from '../src/session/record.ts';
import { streamKey } from '../src/session/schedule.ts';
import { SealedStream } from '../src/streams/sealed-stream.ts';
import { alice, type Pair } from './support.ts';

/** A connection with its first stream open and nothing said. */
export interface RawDial {
  readonly connection: CarrierConnection;
  readonly stream: CarrierStream;
}

/** Dials below the session, to misbehave by hand. */
export async function rawDial({ carrier, address }: { carrier: Carrier; address: string }): Promise<RawDial> {
  const connection = await carrier.dial(address);
  return { connection, stream: await connection.openStream() };
}

const UNBOUNDED = { spend: () => {} };

/** An authenticated session whose streams are made by hand. */
export async function rawSession(pair: Pair): Promise<{
  readonly connection: CarrierConnection;
  /** The session's own stream, sealed. */
  readonly control: SealedStream;
  /** A stream of this number with its sealer; nothing is sent yet. */
  readonly open: (
    number: bigint,
  ) => Promise<{ carrier: CarrierStream; sealer: RecordSealer; sealed: SealedStream }>;
}> {
  const { connection, stream } = await rawDial(pair);
  const channel = new HandshakeChannel(stream);
  const admit = () => undefined;
  const session = await dialHandshake({ connection, stream, channel, auth: alice, pq: 'require', admit });
  const keysOf = (number: bigint) => ({
    sealer: new RecordSealer(streamKey(session.sendSecret, 'dialer', number), UNBOUNDED),
    opener: new RecordOpener(streamKey(session.receiveSecret, 'dialer', number), UNBOUNDED),
  });
  return {
    connection,
    control: new SealedStream(stream, keysOf(0n)),
    async open(number) {
      const carrier = await connection.openStream();
      const { sealer, opener } = keysOf(number);
      return {
        carrier,
        sealer,
        sealed: new SealedStream(carrier, { sealer, opener, prefix: numberPrefix(number) }),
      };
    },
  };
}

/** A stream's number as it stands before its first record. */
export function numberPrefix(number: bigint): Uint8Array {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64BE(number);
  return prefix;
}
