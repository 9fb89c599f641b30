import { createSigner, generateKey, verify } from '@hypermesh/core/ed25519';
import { systemClock as clock, systemRandom as random } from '@hypermesh/core/node';
import {
  createAddressPlan,
  createMemoryClient,
  createMemoryServer,
  formatAddress,
} from '@hypermesh/proxy-nat';
import { connectTcp, listenTcp } from '@hypermesh/proxy-nat/tcp';

const borrower = 'whoever-holds-the-token';

/** A counter at a global address, open to whoever has its token until it is revoked. */
export async function openCounter(forMs = 3_600_000) {
  const network = createAddressPlan().network(1, 1);
  const key = createSigner(generateKey().secretKey);
  const server = createMemoryServer(
    { network, home: 'counter', arena: 65_536 },
    { clock, random, key, verify },
  );
  const listener = await listenTcp({}, (channel) => void server.serve(channel, borrower));
  const region = server.lend({ sizeBytes: 4096, expiresMs: clock.nowMs() + forMs });
  const { grant, token } = region.grant({ grantee: borrower });
  return {
    address: formatAddress(region.address),
    port: listener.port,
    token: Buffer.from(token).toString('base64url'),
    revoke: () => server.revoke(grant.id),
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** Uses the counter of another process. Its methods throw `proxy-nat/fault` once the grant is over. */
export async function useCounter(port: number, token: string) {
  const client = createMemoryClient({ connect: () => connectTcp({ port }), clock, random });
  const memory = await client.attach(Buffer.from(token, 'base64url'));
  return {
    /** Adds and answers what stood there before. */
    add: (amount: bigint) => memory.fetchAdd64(0, amount),
    read: () => memory.fetchAdd64(0, 0n),
    [Symbol.dispose]: () => client.close(),
  };
}
