import { asStreamError, type StoqError } from '../errors.ts';
import type { StreamFault } from '../events.ts';
import type { Handlers, StreamHandler } from '../handlers.ts';
import type { Peer } from '../peer.ts';
import type { CarrierStream } from '../ports.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteStream } from './byte-stream.ts';
import { MessageStream } from './message-stream.ts';
import type { SealedStream } from './sealed-stream.ts';
import { type ServeSetting, serveRequest } from './serve-request.ts';
import { NAMED_STATUS, readName, STREAM_TYPE } from './wire.ts';

const NUMBER_BYTES = 8;

/** What serving an inbound stream needs from its session. */
export interface InboundSetting extends Omit<ServeSetting, 'handlerOf'> {
  readonly peer: Peer;
  readonly handlers: Handlers;
  /** The plain side of a stream with this number, `input` being its first sealed bytes; undefined for a used number. */
  readonly unseal: (number: bigint, input: Uint8Array) => SealedStream | undefined;
}

/** Serves one inbound stream from its first byte to its end. Never rejects: faults are told, and the stream is reset. */
export async function serveStream(carrier: CarrierStream, setting: InboundSetting): Promise<void> {
  const { clock, limits, fault } = setting;
  let isLate = false;
  const headerRead = clock.schedule(limits.headerMs, () => {
    isLate = true;
    carrier.reset();
  });
  try {
    const stream = await unsealed(carrier, setting);
    if (stream === undefined) {
      carrier.reset();
      fault('stream-replayed');
    } else {
      await dispatch(stream, { ...setting, headerRead });
    }
  } catch (error) {
    carrier.reset();
    fault(isLate ? 'header-timeout' : faultOf(asStreamError(error)));
  } finally {
    headerRead();
  }
}

async function unsealed(
  carrier: CarrierStream,
  { unseal }: InboundSetting,
): Promise<SealedStream | undefined> {
  let input: Uint8Array = new Uint8Array();
  while (input.length < NUMBER_BYTES) {
    const bytes = await carrier.read();
    if (bytes === undefined) throw new TruncatedStream();
    input = input.length === 0 ? bytes : Buffer.concat([input, bytes]);
  }
  const number = new DataView(input.buffer, input.byteOffset).getBigUint64(0);
  return unseal(number, input.subarray(NUMBER_BYTES));
}

class TruncatedStream extends Error {}

async function dispatch(
  stream: SealedStream,
  setting: InboundSetting & { readonly headerRead: () => void },
): Promise<void> {
  const { handlers, peer, limits } = setting;
  const reader = new ByteReader(stream);
  const type = await reader.uint(1);
  switch (type) {
    case STREAM_TYPE.request:
      return serveRequest(stream, reader, {
        ...setting,
        handlerOf: (name) => {
          const handler = handlers.requests.get(name);
          return handler === undefined ? undefined : (body, context) => handler(body, { ...context, peer });
        },
      });
    case STREAM_TYPE.messages:
      return serveNamed(stream, reader, setting, {
        find: (name) => handlers.messages.get(name),
        make: (name) => new MessageStream(stream, { name, peer, maxBytes: limits.messageBytes, reader }),
      });
    case STREAM_TYPE.bytes:
      return serveNamed(stream, reader, setting, {
        find: (name) => handlers.streams.get(name),
        make: (name) => new ByteStream(stream, { name, peer, reader }),
      });
    default:
      stream.reset();
      return setting.fault('bad-type');
  }
}

interface NamedKind<Stream> {
  readonly find: (name: string) => StreamHandler<Stream> | undefined;
  readonly make: (name: string) => Stream;
}

async function serveNamed<Stream>(
  stream: SealedStream,
  reader: ByteReader,
  setting: InboundSetting & { readonly headerRead: () => void },
  { find, make }: NamedKind<Stream>,
): Promise<void> {
  const name = await readName(reader);
  setting.headerRead();
  const handler = name === undefined ? undefined : find(name);
  const status =
    name === undefined
      ? 'bad-header'
      : handler === undefined
        ? 'unknown-name'
        : setting.isBusy
          ? 'busy'
          : 'taken';
  if (name === undefined || handler === undefined || status !== 'taken') {
    setting.fault(status === 'taken' ? 'bad-header' : status, name);
    await stream.write(Uint8Array.of(NAMED_STATUS[status]), true);
    // The opener resets the stream when it has read the status; one that does not is cut off by the header's limit.
    const stop = setting.clock.schedule(setting.limits.headerMs, () => stream.reset());
    await stream.discard(setting.limits.messageBytes);
    stop();
    return;
  }
  await stream.write(Uint8Array.of(NAMED_STATUS.taken));
  try {
    await handler(make(name), setting.peer);
  } catch {
    // The handler's failure is its own to log; the peer sees a reset.
    stream.reset();
    setting.fault('handler-failed', name);
  }
  await stream.done;
}

function faultOf(error: StoqError): StreamFault {
  if (error.cause instanceof TruncatedStream) return 'truncated';
  if (error.failure.code === 'stoq/record') {
    return error.failure.reason === 'truncated' ? 'truncated' : 'bad-record';
  }
  return 'reset';
}
