import { createSigner, generateKey, verify } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createAddressPlan, createMemoryServer } from '@hypermesh/proxy-nat';
import { listenTcp } from '@hypermesh/proxy-nat/tcp';

/** Lends a region of 64 MiB over TCP until its stdin ends; prints where, with a token. */
const server = createMemoryServer(
  { network: createAddressPlan().network(1, 1), home: 'lender', arena: 2 ** 26 },
  { clock: systemClock, random: systemRandom, key: createSigner(generateKey().secretKey), verify },
);
const listener = await listenTcp({}, (channel) => void server.serve(channel, 'user'));
const region = server.lend({ sizeBytes: 2 ** 26, expiresMs: Date.now() + 3_600_000 });
const { token } = region.grant({ grantee: 'user' });
process.stdout.write(
  `${JSON.stringify({ port: listener.port, token: Buffer.from(token).toString('hex') })}\n`,
);
process.stdin.resume().on('end', () => process.exit(0));
