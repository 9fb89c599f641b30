import { randomBytes } from 'node:crypto';
import { StoqError } from '../errors.ts';
import type { Carrier, CarrierConnection, CarrierListener, CarrierStream } from '../ports.ts';
import { MemoryPipe } from './memory-pipe.ts';
import { AsyncQueue } from './queue.ts';

/** Nodes of one process that reach each other by name, without a network: for tests and embedders. */
export interface MemoryNetwork {
  /** A carrier of this network. Addresses are `memory://` and a name of `a-z 0-9 . -`; `memory://*` binds a fresh name. */
  carrier(): Carrier;
}

/** Makes an empty in-memory network. Ordered, lossless, without delay; a stream holds at most 256 KiB on the way. */
export function createMemoryNetwork(): MemoryNetwork {
  const listeners = new Map<string, AsyncQueue<CarrierConnection>>();
  let names = 0;
  let dials = 0;

  async function listen(wanted: string): Promise<CarrierListener> {
    checkAddress(wanted);
    names += 1;
    const address = wanted === 'memory://*' ? `memory://listener-${names}` : wanted;
    if (listeners.has(address)) throw new StoqError({ code: 'stoq/unreachable', address, detail: 'in use' });
    const incoming = new AsyncQueue<CarrierConnection>();
    const accepted = new Set<CarrierConnection>();
    listeners.set(address, incoming);
    return {
      address,
      async accept() {
        const connection = await incoming.next();
        if (connection !== undefined) {
          accepted.add(connection);
          void connection.closed.then(() => accepted.delete(connection));
        }
        return connection;
      },
      async close() {
        listeners.delete(address);
        incoming.end();
        for (const connection of accepted) connection.close();
      },
    };
  }

  async function dial(
    address: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<CarrierConnection> {
    checkAddress(address);
    if (options?.signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
    dials += 1;
    const [near, far] = connectionPair(`memory://dialer-${dials}`, address);
    if (listeners.get(address)?.push(far) !== true) {
      throw new StoqError({ code: 'stoq/unreachable', address, detail: 'nobody listens' });
    }
    return near;
  }

  return { carrier: () => ({ kind: 'memory', listen, dial }) };
}

function checkAddress(address: string): void {
  if (!/^memory:\/\/(?:\*|[a-z0-9.-]{1,64})$/.test(address)) {
    throw new StoqError({ code: 'stoq/bad-address', address, expected: 'memory://name' });
  }
}

function connectionPair(dialer: string, listener: string): [CarrierConnection, CarrierConnection] {
  const binding = randomBytes(32);
  const open = new Set<CarrierStream>();
  const toNear = new AsyncQueue<CarrierStream>();
  const toFar = new AsyncQueue<CarrierStream>();
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    toNear.end();
    toFar.end();
    for (const stream of open) stream.reset();
    resolve();
  };
  const side = (
    remoteAddress: string,
    mine: AsyncQueue<CarrierStream>,
    theirs: AsyncQueue<CarrierStream>,
  ) => ({
    carrier: 'memory',
    remoteAddress,
    binding,
    async openStream() {
      const out = new MemoryPipe();
      const back = new MemoryPipe();
      const near = pipeStream(back, out);
      const far = pipeStream(out, back);
      if (isClosed || !theirs.push(far)) throw new StoqError({ code: 'stoq/closed', what: 'peer' });
      open.add(near);
      void Promise.all([out.done, back.done]).then(() => open.delete(near));
      return near;
    },
    acceptStream: () => mine.next(),
    rttMs: () => undefined,
    close,
    closed,
  });
  return [side(listener, toNear, toFar), side(dialer, toFar, toNear)];
}

function pipeStream(incoming: MemoryPipe, outgoing: MemoryPipe): CarrierStream {
  return {
    read: () => incoming.read(),
    write: (bytes) => outgoing.write(bytes),
    async closeWrite() {
      outgoing.end();
    },
    reset() {
      incoming.fail();
      outgoing.fail();
    },
  };
}
