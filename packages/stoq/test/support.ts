import {
  type Authenticator,
  type Carrier,
  createMemoryNetwork,
  createStoq,
  generatePinnedKey,
  type Peer,
  pinnedKeys,
  quicCarrier,
  type StoqEvent,
  type StoqNode,
  type StoqOptions,
} from '@hypermesh/stoq';

/** Fixed seeds, so that keys are the same in every run. */
export const seeds = (name: string): Uint8Array => Buffer.alloc(64, name);
export const aliceKey = generatePinnedKey(seeds('alice'));
export const bobKey = generatePinnedKey(seeds('bob'));
export const malloryKey = generatePinnedKey(seeds('mallory'));
export const alice: Authenticator = pinnedKeys({ self: aliceKey, allow: [bobKey.publicKey] });
export const bob: Authenticator = pinnedKeys({ self: bobKey, allow: [aliceKey.publicKey] });

/** Two connected nodes with what they told their owners. */
export interface Pair extends AsyncDisposable {
  readonly listener: StoqNode;
  readonly dialer: StoqNode;
  readonly address: string;
  /** The dialer's carrier, for those who dial by hand. */
  readonly carrier: Carrier;
  readonly events: StoqEvent[];
  readonly dialerEvents: StoqEvent[];
  /** Resolves with the first event of the listener, past or future, that fits. */
  event<E extends StoqEvent = StoqEvent>(fits: (event: StoqEvent) => boolean): Promise<E>;
  connect(): Promise<Peer>;
}

export interface PairOptions {
  readonly listener?: Partial<StoqOptions>;
  readonly dialer?: Partial<StoqOptions>;
  readonly wrap?: (carrier: Carrier) => Carrier;
}

/** Bob listens in memory, Alice dials; `wrap` stands between Alice and the network. */
export async function memoryPair(options: PairOptions = {}): Promise<Pair> {
  const network = createMemoryNetwork();
  const wrap = options.wrap ?? ((carrier: Carrier) => carrier);
  return makePair({
    carrier: network.carrier(),
    listener: { carriers: [network.carrier()], listen: ['memory://bob'], ...options.listener },
    dialer: { carriers: [wrap(network.carrier())], ...options.dialer },
  });
}

/** Bob listens on QUIC over [::1], Alice dials. */
export function quicPair(options: PairOptions = {}): Promise<Pair> {
  return makePair({
    carrier: quicCarrier(),
    listener: { listen: ['quic://[::1]:0'], ...options.listener },
    dialer: { ...options.dialer },
  });
}

async function makePair(options: {
  carrier: Carrier;
  listener: Partial<StoqOptions>;
  dialer: Partial<StoqOptions>;
}): Promise<Pair> {
  const events: StoqEvent[] = [];
  const dialerEvents: StoqEvent[] = [];
  const waiting = new Set<() => void>();
  const listener = await createStoq({
    auth: bob,
    ...options.listener,
    onEvent: (event) => {
      events.push(event);
      for (const look of [...waiting]) look();
    },
  });
  const dialer = await createStoq({
    auth: alice,
    ...options.dialer,
    onEvent: (event) => dialerEvents.push(event),
  });
  const address = listener.addresses[0] ?? '';
  return {
    listener,
    dialer,
    address,
    carrier: options.carrier,
    events,
    dialerEvents,
    event: <E extends StoqEvent>(fits: (event: StoqEvent) => boolean) =>
      new Promise<E>((resolve) => {
        const look = () => {
          const found = events.find(fits);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found as E);
        };
        waiting.add(look);
        look();
      }),
    connect: () => dialer.connect(address),
    async [Symbol.asyncDispose]() {
      await dialer.close();
      await listener.close();
    },
  };
}

/** The failure data of a rejection, for exact comparison. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error && 'failure' in error) return error.failure;
    throw error;
  }
  throw new Error('nothing failed');
}

export const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
