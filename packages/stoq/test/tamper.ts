import type { Carrier, CarrierConnection, CarrierStream } from '@hypermesh/stoq';

/** Edits one piece on its way; `stream` counts the streams that the dialer opened, the session's own being 0, `piece` its pieces. */
export type Edit = (
  bytes: Buffer,
  place: { stream: number; piece: number },
) => Uint8Array | readonly Uint8Array[];

/** A man in the middle whom the carrier does not notice: it edits what a dialer sends and receives, the binding staying true. */
export function tampering(edits: { toListener?: Edit; toDialer?: Edit }): (carrier: Carrier) => Carrier {
  const keep: Edit = (bytes) => bytes;
  const { toListener = keep, toDialer = keep } = edits;
  return (carrier) => ({
    ...carrier,
    async dial(address, options) {
      const connection = await carrier.dial(address, options);
      let streams = 0;
      return {
        ...connection,
        async openStream() {
          const stream = streams;
          streams += 1;
          return editedStream(await connection.openStream(), {
            out: (bytes, piece) => list(toListener(bytes, { stream, piece })),
            in: (bytes, piece) => list(toDialer(bytes, { stream, piece })),
          });
        },
      } satisfies CarrierConnection;
    },
  });
}

const list = (result: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] =>
  result instanceof Uint8Array ? [result] : result;

type PieceEdit = (bytes: Buffer, piece: number) => readonly Uint8Array[];

function editedStream(stream: CarrierStream, edits: { out: PieceEdit; in: PieceEdit }): CarrierStream {
  let sent = 0;
  let received = 0;
  const arrived: Uint8Array[] = [];
  return {
    async read() {
      for (;;) {
        const ready = arrived.shift();
        if (ready !== undefined) return ready;
        const bytes = await stream.read();
        if (bytes === undefined) return undefined;
        arrived.push(...edits.in(Buffer.from(bytes), received));
        received += 1;
      }
    },
    async write(bytes) {
      const pieces = edits.out(Buffer.from(bytes), sent);
      sent += 1;
      for (const piece of pieces) await stream.write(piece);
    },
    closeWrite: () => stream.closeWrite(),
    reset: () => stream.reset(),
  };
}

/** Flips one bit. */
export function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

/** Records what passes from the dialer, by stream and piece, and can send pieces again on a stream of its own. */
export function recording(): {
  readonly wrap: (carrier: Carrier) => Carrier;
  readonly sent: Buffer[][];
  replay(pieces: readonly Uint8Array[]): Promise<CarrierStream>;
} {
  const sent: Buffer[][] = [];
  let last: CarrierConnection | undefined;
  const edit = tampering({
    toListener: (bytes, { stream }) => {
      const pieces = sent[stream] ?? [];
      pieces.push(bytes);
      sent[stream] = pieces;
      return bytes;
    },
  });
  return {
    sent,
    wrap: (carrier) =>
      edit({
        ...carrier,
        async dial(address, options) {
          last = await carrier.dial(address, options);
          return last;
        },
      }),
    async replay(pieces) {
      if (last === undefined) throw new Error('nothing was recorded');
      const stream = await last.openStream();
      for (const piece of pieces) await stream.write(piece);
      return stream;
    },
  };
}
