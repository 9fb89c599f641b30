import { HEAD_BYTES, type KeyBudget } from './record.ts';

/** What a session has moved since it began. */
export interface Traffic {
  /** Bytes of sealed records that came, with their heads and tags; the handshake and the carrier's own are not counted. */
  readonly bytesIn: number;
  /** Bytes of sealed records that went out, counted as `bytesIn` is. */
  readonly bytesOut: number;
}

/** Counts what the keys of a session seal and open: the budget sees every record, so nothing else has to. */
export class TrafficCounter implements Traffic {
  bytesIn = 0;
  bytesOut = 0;
  readonly sealing: KeyBudget;
  readonly opening: KeyBudget;

  constructor(budget: KeyBudget) {
    this.sealing = {
      spend: (bytes) => {
        budget.spend(bytes);
        this.bytesOut += bytes + HEAD_BYTES;
      },
    };
    this.opening = {
      spend: (bytes) => {
        budget.spend(bytes);
        this.bytesIn += bytes + HEAD_BYTES;
      },
    };
  }
}
