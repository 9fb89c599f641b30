/** What one peer holds of this node, all its sessions together. */
export interface PeerShare {
  sessions: number;
  /** Streams that it opened and that have not ended. */
  streams: number;
  /** Bytes of request bodies and of answers that are held for it. */
  bytes: number;
}

/** A place for one session of a peer, given back once. */
export interface Place {
  readonly share: PeerShare;
  release(): void;
}

/** Counts what peers hold, so that a limit for each peer holds however many sessions it opens. */
export class PeerShares {
  readonly #shares = new Map<string, PeerShare>();
  #sessions = 0;

  /** Places that are taken, by all peers. */
  get sessions(): number {
    return this.#sessions;
  }

  /** Places that this peer has taken. */
  sessionsOf(id: string): number {
    return this.#shares.get(id)?.sessions ?? 0;
  }

  take(id: string): Place {
    const share = this.#shares.get(id) ?? { sessions: 0, streams: 0, bytes: 0 };
    this.#shares.set(id, share);
    share.sessions += 1;
    this.#sessions += 1;
    let isReleased = false;
    return {
      share,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        this.#sessions -= 1;
        share.sessions -= 1;
        if (share.sessions === 0) this.#shares.delete(id);
      },
    };
  }
}
