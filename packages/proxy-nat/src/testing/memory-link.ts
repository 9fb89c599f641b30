import type { Clock, Random } from '@hypermesh/core';
import { type Channel, type ChannelSink, maxFrameBytes } from '../channel.ts';
import { ProxyNatError } from '../errors.ts';

/** What a link does to frames, drawn from its random source for each frame anew. */
export interface LinkFaults {
  readonly clock: Clock;
  readonly random: Random;
  /** Least and most time on the way, milliseconds. With room between them frames overtake each other. */
  readonly delayMs: readonly [number, number];
  /** Share of frames that are lost, and of those that arrive twice, basis points. */
  readonly lossBp?: number;
  readonly repeatBp?: number;
  /** Share of frames after which the sender has to wait `delayMs` once more for room, basis points. */
  readonly fullBp?: number;
}

/** Two ends of one link. */
export interface MemoryLink {
  readonly client: Channel;
  readonly home: Channel;
  /** Cuts it: frames on the way are lost, both ends hear that it has closed. */
  cut(): void;
}

/** Makes a link inside this process; without faults it delivers in order and at once. */
export function createMemoryLink(faults?: LinkFaults): MemoryLink {
  const one = createEnd();
  const other = createEnd();
  let isOpen = true;
  const below = (bound: number): number =>
    faults === undefined || bound === 0
      ? 0
      : new DataView(faults.random.bytes(4).buffer).getUint32(0) % bound;
  const happens = (shareBp: number | undefined): boolean => below(10_000) < (shareBp ?? 0);
  const delay = (): number =>
    faults === undefined ? 0 : faults.delayMs[0] + below(faults.delayMs[1] - faults.delayMs[0] + 1);
  const later = (task: () => void): void => {
    if (faults === undefined) queueMicrotask(task);
    else faults.clock.schedule(delay(), task);
  };
  const cut = (): void => {
    if (!isOpen) return;
    isOpen = false;
    one.end();
    other.end();
  };
  const channel = (near: End, far: End): Channel => ({
    start: (sink) => near.start(sink),
    send(frame) {
      if (frame.length < 1 || frame.length > maxFrameBytes)
        throw new ProxyNatError(
          { code: 'proxy-nat/channel', reason: 'frame-size' },
          'a frame has 1 byte to 1 MiB',
        );
      if (!isOpen) return undefined;
      const copies = happens(faults?.lossBp) ? 0 : happens(faults?.repeatBp) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1)
        later(() => {
          if (isOpen) far.deliver(Uint8Array.from(frame));
        });
      return happens(faults?.fullBp) ? new Promise((resolve) => later(resolve)) : undefined;
    },
    // What was handed over before is on its way: the other end hears of the close after it.
    close: () => (faults === undefined ? queueMicrotask(cut) : cut()),
  });
  return { client: channel(one, other), home: channel(other, one), cut };
}

interface End {
  start(sink: ChannelSink): void;
  deliver(frame: Uint8Array): void;
  end(): void;
}

/** Keeps what arrives until somebody starts to listen. */
function createEnd(): End {
  const early: Uint8Array[] = [];
  let sink: ChannelSink | undefined;
  let hasEnded = false;
  return {
    start(given) {
      sink = given;
      for (const frame of early.splice(0)) sink.frame(frame);
      if (hasEnded) sink.closed();
    },
    deliver(frame) {
      if (sink === undefined) early.push(frame);
      else sink.frame(frame);
    },
    end() {
      hasEnded = true;
      sink?.closed();
    },
  };
}
