import { createSigner, generateKey, verify } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createAddressPlan, createMemoryServer } from '@hypermesh/proxy-nat';
import { listenTcp } from '@hypermesh/proxy-nat/tcp';
import { createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';
import { stoqChannel } from '../../src/adapters/stoq-channel.ts';
import { memoryStream } from '../../src/memory/protocol.ts';

/** Lends 64 MiB over STOQ and over TCP until its stdin ends; prints where, with a token. */
const stoq = await createStoq({
  auth: pinnedKeys({ self: generatePinnedKey(), allow: 'any' }),
  listen: ['quic://[::1]:0'],
});
const server = createMemoryServer(
  { network: createAddressPlan().network(1, 1), home: 'lender', arena: 2 ** 26 },
  { clock: systemClock, random: systemRandom, key: createSigner(generateKey().secretKey), verify },
);
const listener = await listenTcp({}, (channel) => void server.serve(channel, 'user'));
stoq.handleMessages(memoryStream, (stream) => void server.serve(stoqChannel(stream), 'user'));
const region = server.lend({ sizeBytes: 2 ** 26, expiresMs: Date.now() + 3_600_000 });
const { token } = region.grant({ grantee: 'user' });
const line = { port: listener.port, address: stoq.addresses[0], token: Buffer.from(token).toString('hex') };
process.stdout.write(`${JSON.stringify(line)}\n`);
process.stdin.resume().on('end', () => process.exit(0));
