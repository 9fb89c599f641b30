import { StoqError } from '../errors.ts';
import type { Peer } from '../peer.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteStream } from './byte-stream.ts';
import { MessageStream } from './message-stream.ts';
import type { SealedStream } from './sealed-stream.ts';
import { encodeName, NAMED_STATUS, STREAM_TYPE } from './wire.ts';

interface Opening {
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly open: () => Promise<SealedStream>;
}

/** Opens a message stream and waits until the other end takes it. */
export async function openMessageStream(
  peer: Peer,
  opening: Opening & { readonly maxBytes: number },
): Promise<MessageStream<Peer>> {
  const { stream, reader } = await openNamed(STREAM_TYPE.messages, opening);
  return new MessageStream(stream, { name: opening.name, peer, maxBytes: opening.maxBytes, reader });
}

/** Opens a byte stream and waits until the other end takes it. */
export async function openByteStream(peer: Peer, opening: Opening): Promise<ByteStream<Peer>> {
  const { stream, reader } = await openNamed(STREAM_TYPE.bytes, opening);
  return new ByteStream(stream, { name: opening.name, peer, reader });
}

async function openNamed(
  type: number,
  { name, signal, open }: Opening,
): Promise<{ stream: SealedStream; reader: ByteReader }> {
  const header = Buffer.concat([Uint8Array.of(type), encodeName(name)]);
  if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
  let stream: SealedStream | undefined;
  const cancelled = Promise.withResolvers<never>();
  cancelled.promise.catch(() => {});
  const onAbort = () => {
    stream?.reset();
    cancelled.reject(new StoqError({ code: 'stoq/cancelled' }));
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    // A carrier whose other end allows no further stream makes this wait as long as it likes.
    stream = await Promise.race([opened(open, () => signal?.aborted === true), cancelled.promise]);
    await stream.write(header);
    const reader = new ByteReader(stream);
    const status = await reader.uint(1);
    if (status === NAMED_STATUS.taken) return { stream, reader };
    stream.reset();
    const reason =
      status === NAMED_STATUS.busy
        ? 'busy'
        : status === NAMED_STATUS['unknown-name']
          ? 'unknown-name'
          : 'bad-header';
    throw new StoqError({ code: 'stoq/stream-refused', name, reason });
  } catch (error) {
    stream?.reset();
    if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' }, undefined, { cause: error });
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** A stream that comes when nobody wants it any more is given back. */
async function opened(open: () => Promise<SealedStream>, isLate: () => boolean): Promise<SealedStream> {
  const stream = await open();
  if (isLate()) stream.reset();
  return stream;
}
