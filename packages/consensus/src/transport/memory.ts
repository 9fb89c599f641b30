import type { Transport, TransportReceiver } from '../ports.ts';

/** Validators of one process, joined without a network: messages arrive in order, each in its own task. */
export interface MemoryHub {
  /** The transport of one validator; one validator, one transport. */
  transport(index: number): Transport;
  /** Loses everything between two validators from now on. */
  cut(a: number, b: number): void;
  /** Joins all again. */
  heal(): void;
}

/** After other waiting work had its turn; browsers lack the quick way. */
const later: (task: () => void) => unknown = globalThis.setImmediate ?? ((task) => setTimeout(task, 0));

/** Makes a hub for tests, examples and validators that share a process. */
export function createMemoryHub(): MemoryHub {
  const receivers = new Map<number, TransportReceiver>();
  const cuts = new Set<string>();
  const isJoined = (a: number, b: number): boolean => !cuts.has(`${Math.min(a, b)}-${Math.max(a, b)}`);
  return {
    transport: (index) => ({
      send(to, message) {
        if (to === index || !isJoined(index, to)) return;
        const bytes = new Uint8Array(message);
        later(() => {
          if (isJoined(index, to)) receivers.get(to)?.message(index, bytes);
        });
      },
      listen(receiver) {
        receivers.set(index, receiver);
        for (const [peer, other] of receivers) {
          if (peer === index) continue;
          later(() => {
            if (receivers.get(index) === receiver) receiver.connected(peer);
            if (receivers.get(peer) === other) other.connected(index);
          });
        }
        return () => {
          if (receivers.get(index) === receiver) receivers.delete(index);
        };
      },
      peers: () => [...receivers.keys()].filter((peer) => peer !== index && isJoined(index, peer)),
    }),
    cut(a, b) {
      cuts.add(`${Math.min(a, b)}-${Math.max(a, b)}`);
    },
    heal: () => cuts.clear(),
  };
}
