import { createSigner, generateKey, verify } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createManualClock, createSeededRandom, type ManualClock } from '@hypermesh/core/testing';
import {
  createAddressPlan,
  createMemoryClient,
  createMemoryServer,
  type MemoryServerOptions,
  type MemoryServerPorts,
  type Patience,
} from '../src/index.ts';
import { createMemoryLink } from '../src/testing/index.ts';

export const holder = createSigner(generateKey(new Uint8Array(32).fill(9)).secretKey);
export const network = createAddressPlan().network(1, 4);

/** A home in this process and clients that reach it over perfect links. */
export function openHome(options: Partial<MemoryServerOptions> = {}, ports: Partial<MemoryServerPorts> = {}) {
  const server = createMemoryServer(
    { network, home: 'node-4', arena: 2 ** 20, ...options },
    { clock: systemClock, random: systemRandom, key: holder, verify, ...ports },
  );
  const client = (peer: string, patience: Partial<Patience> = {}) =>
    createMemoryClient(
      {
        connect: async () => {
          const link = createMemoryLink();
          server.serve(link.home, peer);
          return link.client;
        },
        clock: ports.clock ?? systemClock,
        random: systemRandom,
      },
      patience,
    );
  const lend = (sizeBytes = 16_384) =>
    server.lend({ sizeBytes, expiresMs: (ports.clock ?? systemClock).nowMs() + 3_600_000 });
  return { server, client, lend };
}

/** Runs a simulation under a manual clock until `work` ends: all that is ready, then the next timer. */
export async function simulate<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  over.catch(() => undefined);
  for (let idle = 0; !isOver; ) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isOver) break;
    const next = clock.nextAtMs;
    idle = next === undefined ? idle + 1 : 0;
    if (idle > 10) throw new Error('the simulation waits for something that never comes');
    if (next !== undefined) clock.advanceTo(next);
  }
  return over;
}

export { createManualClock, createSeededRandom };
