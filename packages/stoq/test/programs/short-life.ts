import { createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';

/** Two nodes, one request, close: nothing must keep the process from ending by itself. */
const [a, b] = [generatePinnedKey(), generatePinnedKey()];
const listener = await createStoq({
  auth: pinnedKeys({ self: a, allow: [b.publicKey] }),
  listen: ['quic://[::1]:0', 'quic://[::1]:0'],
});
listener.handle('echo', (body) => body);
listener.handleMessages('open', () => {});
const dialer = await createStoq({ auth: pinnedKeys({ self: b, allow: [a.publicKey] }) });
const [first, second] = [
  await dialer.connect(listener.addresses[0] ?? ''),
  await dialer.connect(listener.addresses[1] ?? ''),
];
await first.openMessages('open');
const answer = await second.request('echo', Buffer.from('done'));
await dialer.close();
await listener.close();
process.stdout.write(answer.ok ? Buffer.from(answer.body).toString() : answer.reason);
