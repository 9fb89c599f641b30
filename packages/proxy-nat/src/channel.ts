/** What a channel tells the side that uses it. */
export interface ChannelSink {
  /** One whole frame, as it was sent; the receiver may keep the bytes. Must not throw. */
  frame(bytes: Uint8Array): void;
  /** No further frame comes. Called once, also after `close` of this side. */
  closed(): void;
}

/**
 * A way for frames between a client and a home, both ways at once. A frame arrives whole and unaltered, or not at all;
 * order, loss and repetition are the channel's affair: client and home bear all of them. Whoever opens the channel
 * knows who the peer is; where it does not encrypt, others on the way read the memory's bytes.
 */
export interface Channel {
  /** Starts delivery. Called once, before anything arrives is lost; frames that came earlier are delivered now. */
  start(sink: ChannelSink): void;
  /**
   * Sends a frame of 1 to `maxFrameBytes` bytes; the bytes are the channel's from then on. Returns nothing where there
   * is room for more, else a promise that resolves when there is (or when the channel has closed). Never throws for
   * a channel that has closed: `closed` has told. Throws `proxy-nat/channel` for a frame out of bounds.
   */
  send(frame: Uint8Array): Promise<void> | undefined;
  /** Closes both ways; frames handed over before are sent where possible. Idempotent. */
  close(): void;
}

/** Largest frame, bytes. */
export const maxFrameBytes: number = 1024 * 1024;
/** Most ranges of one request and of one frame. */
export const maxRanges = 64;
