/** First time that a peer is not heard after a proven lie, doubled with each further one. */
const FIRST_MS = 100;
const LONGEST_MS = 60_000;
/** After this long without a lie a peer starts anew. */
const FORGIVEN_MS = 300_000;

/** Peers that sent what no honest validator sends, such as a certificate that does not hold: not heard for a while. */
export class Penalties {
  readonly #peers = new Map<number, { strikes: number; lastMs: number; untilMs: number }>();

  /** A peer is proven wrong. */
  strike(peer: number, nowMs: number): void {
    const before = this.#peers.get(peer);
    const isForgiven = before === undefined || nowMs - before.lastMs > FORGIVEN_MS;
    const strikes = isForgiven ? 1 : before.strikes + 1;
    const shutMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** (strikes - 1));
    this.#peers.set(peer, { strikes, lastMs: nowMs, untilMs: nowMs + shutMs });
  }

  /** Whether a peer is not heard now. */
  isShut(peer: number, nowMs: number): boolean {
    const known = this.#peers.get(peer);
    return known !== undefined && nowMs < known.untilMs;
  }
}
