import { createHash } from 'node:crypto';
import { createStoq, generatePinnedKey, pinnedKeys } from '@hypermesh/stoq';

/** A process of its own: listens, sends as many bytes as it is asked for, then tells their digest, and ends with its stdin. */
const [ownSeeds = '', otherPublic = ''] = process.argv.slice(2);
const self = generatePinnedKey(Buffer.from(ownSeeds, 'hex'));
const node = await createStoq({
  auth: pinnedKeys({ self, allow: [Buffer.from(otherPublic, 'hex')] }),
  listen: ['quic://[::1]:0'],
});
let digest = '';
node.handle('digest', () => Buffer.from(digest));
node.handleStream('bytes', async (stream) => {
  const request = await stream.source.next();
  const total = Number(Buffer.from(request.value ?? new Uint8Array()).toString());
  const hash = createHash('sha256');
  const piece = Buffer.alloc(2 ** 20);
  for (let sent = 0, count = 0; sent < total; sent += piece.length, count += 1) {
    // Every MiB differs from every other in each of its KiB.
    for (let at = 0; at < piece.length; at += 1024) piece.writeUInt32BE(count * 1024 + at / 1024, at);
    hash.update(piece);
    await stream.write(piece);
  }
  digest = hash.digest('hex');
  await stream.closeWrite();
});
process.stdout.write(`${node.addresses[0]}\n`);
process.stdin.resume();
process.stdin.once('end', () => void node.close());
