import { type Metrics, silentMetrics, type Verdict } from '@hypermesh/core';

/** One end of a way through a relay: bytes that the relay cannot read, in order, with back-pressure. */
export interface RelayLeg {
  /** The next piece, or undefined when that end has closed its side. Rejects when the leg is broken. */
  read(): Promise<Uint8Array | undefined>;
  /** Resolves when the leg has room for more. */
  write(bytes: Uint8Array): Promise<void>;
  closeWrite(): Promise<void>;
  /** Gives up both directions. Idempotent, never throws. */
  abort(): void;
}

/** Bounds of a relay. */
export interface RelayLimits {
  /** Circuits at once; 64 unless told. */
  readonly circuits: number;
  /** Circuits at once that one member has asked for; 16 unless told. */
  readonly circuitsEach: number;
  /** Ways within one circuit; 128 unless told. */
  readonly waysPerCircuit: number;
  /** Bytes that one circuit may carry, both ways together, before it is closed; 2^36 unless told. */
  readonly bytesPerCircuit: number;
}

/** Why a circuit is not opened. */
export type RelayReason = 'busy' | 'exists' | 'too-many' | 'same-member';

/** A way between two members through this one. */
export interface Circuit {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Bytes carried so far, both ways together. */
  readonly bytes: number;
  /** The member at the other end of a circuit; undefined for whoever is at neither. */
  otherEnd(member: string): string | undefined;
  /**
   * Carries bytes both ways; resolves when both ends have closed or one has broken. Undefined where the circuit has
   * ended or is full.
   */
  join(one: RelayLeg, other: RelayLeg): Promise<void> | undefined;
  /** Ends the circuit and everything in it. Idempotent. */
  close(): void;
}

/**
 * Forwards sealed bytes between members that cannot reach each other. It holds no key and knows who talks to whom, how
 * much and when; what they say it does not.
 */
export interface Relay {
  /** Opens a circuit under an id that the asking member chose. */
  open(circuit: {
    readonly id: string;
    readonly from: string;
    readonly to: string;
  }): Verdict<{ readonly circuit: Circuit }, RelayReason>;
  find(id: string): Circuit | undefined;
  /** Bytes carried for each member that asked for circuits, since the relay was made. */
  carried(): ReadonlyMap<string, number>;
  close(): void;
}

const defaults: RelayLimits = {
  circuits: 64,
  circuitsEach: 16,
  waysPerCircuit: 128,
  bytesPerCircuit: 2 ** 36,
};

/** Makes a relay. */
export function createRelay(
  options: { readonly limits?: Partial<RelayLimits>; readonly metrics?: Metrics } = {},
): Relay {
  const limits = { ...defaults, ...options.limits };
  const { metrics = silentMetrics } = options;
  const circuits = new Map<string, Circuit>();
  const carried = new Map<string, number>();

  function makeCircuit(id: string, from: string, to: string): Circuit {
    const legs = new Set<RelayLeg>();
    let bytes = 0;
    let isOpen = true;

    function close(): void {
      if (!isOpen) return;
      isOpen = false;
      circuits.delete(id);
      for (const leg of legs) leg.abort();
      legs.clear();
    }

    async function carry(source: RelayLeg, target: RelayLeg): Promise<void> {
      for (;;) {
        const piece = await source.read();
        if (piece === undefined) return target.closeWrite();
        bytes += piece.length;
        carried.set(from, (carried.get(from) ?? 0) + piece.length);
        metrics.count('relay_bytes_total', piece.length);
        if (bytes > limits.bytesPerCircuit) return close();
        await target.write(piece);
      }
    }

    return {
      id,
      from,
      to,
      get bytes() {
        return bytes;
      },
      otherEnd: (member) => (member === from ? to : member === to ? from : undefined),
      join(one, other) {
        if (!isOpen || legs.size >= 2 * limits.waysPerCircuit) return undefined;
        legs.add(one).add(other);
        const over = () => {
          legs.delete(one);
          legs.delete(other);
        };
        const broken = () => {
          one.abort();
          other.abort();
          over();
        };
        return Promise.all([carry(one, other), carry(other, one)]).then(over, broken);
      },
      close,
    };
  }

  return {
    open({ id, from, to }) {
      if (from === to) return { ok: false, reason: 'same-member' };
      if (circuits.has(id)) return { ok: false, reason: 'exists' };
      if (circuits.size >= limits.circuits) return { ok: false, reason: 'busy' };
      const mine = [...circuits.values()].filter((circuit) => circuit.from === from);
      if (mine.length >= limits.circuitsEach) return { ok: false, reason: 'too-many' };
      const circuit = makeCircuit(id, from, to);
      circuits.set(id, circuit);
      return { ok: true, circuit };
    },
    find: (id) => circuits.get(id),
    carried: () => carried,
    close() {
      for (const circuit of [...circuits.values()]) circuit.close();
    },
  };
}
