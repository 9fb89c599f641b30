import { type Channel, type ChannelSink, maxFrameBytes, ProxyNatError } from '@hypermesh/proxy-nat';
import type { MessageStream, Peer } from '@hypermesh/stoq';

/** Frames that wait for the stream before the sender is told to wait. */
const mostWaiting = 16;

/** How long the other end may take to close its side after ours before the stream is given up, milliseconds. */
const lingerMs = 2_000;

/** Frames of remote memory over a message stream of a session: one message a frame, in order. */
export function stoqChannel(stream: MessageStream<Peer>): Channel {
  let sink: ChannelSink | undefined;
  let waiting = 0;
  let isClosing = false;
  let hasEnded = false;
  let lingering: NodeJS.Timeout | undefined;

  function end(): void {
    if (hasEnded) return;
    hasEnded = true;
    clearTimeout(lingering);
    sink?.closed();
  }
  function breakOff(): void {
    stream.abort();
    end();
  }

  /** Closes this side after what was sent; what the other end still sends is not heard. */
  function close(): void {
    if (isClosing || hasEnded) return;
    isClosing = true;
    lingering = setTimeout(breakOff, lingerMs);
    stream.close().then(() => {
      if (sink === undefined) breakOff();
    }, breakOff);
  }

  async function receive(): Promise<void> {
    for await (const message of stream) if (!isClosing && message.length > 0) sink?.frame(message);
    // The other end has closed its side: with ours closed too, all that was sent has been heard.
    await stream.close();
  }

  return {
    start(given) {
      sink = given;
      receive().then(end, breakOff);
    },
    send(frame) {
      if (frame.length < 1 || frame.length > maxFrameBytes)
        throw new ProxyNatError(
          { code: 'proxy-nat/channel', reason: 'frame-size' },
          'a frame has 1 byte to 1 MiB',
        );
      if (hasEnded || isClosing) return undefined;
      waiting += 1;
      const sent = stream.send(frame).then(() => {
        waiting -= 1;
      }, breakOff);
      return waiting > mostWaiting ? sent : undefined;
    },
    close,
  };
}
