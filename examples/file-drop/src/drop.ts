import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseContentRoot } from '@hypermesh/core';
import { createStoq, generatePinnedKey, pinnedId, pinnedKeys } from '@hypermesh/stoq';
import { fetchContent, openDiskStore, publish, readContent, serveContent } from '@hypermesh/stoq/content';

/** What a receiver needs: where the file is, whose key must answer there, and what the bytes must hash to. */
export interface Ticket {
  readonly address: string;
  readonly offeredBy: string;
  readonly root: string;
  readonly name: string;
}

/** Offers a file until disposed of. The store's folder keeps its chunks, so that a second start is quick. */
export async function offer(path: string, storeFolder: string, listen = 'quic://[::1]:0') {
  const self = generatePinnedKey();
  const store = await openDiskStore(storeFolder);
  const { root, size } = await publish(store, createReadStream(path));
  const node = await createStoq({ auth: pinnedKeys({ self, allow: 'any' }), listen: [listen] });
  serveContent(node, store);
  const [address = ''] = node.addresses;
  const ticket: Ticket = { address, offeredBy: pinnedId(self.publicKey), root, name: basename(path) };
  return { ticket, size, [Symbol.asyncDispose]: () => node.close() };
}

/** Fetches what a ticket names into a folder; answers where it is. Throws in words where it cannot. */
export async function take(ticket: Ticket, folder: string, onProgress?: (here: number, of: number) => void) {
  const root = parseContentRoot(ticket.root);
  if (!root.ok) throw new Error(`the ticket's root is no content root: ${root.reason}`);
  const auth = pinnedKeys({ self: generatePinnedKey(), allow: 'any' });
  await using node = await createStoq({ auth });
  const peer = await node.connect(ticket.address);
  if (peer.id !== ticket.offeredBy) throw new Error('somebody else answers at that address');
  const store = await openDiskStore(join(folder, '.drop'));
  const fetched = await fetchContent(peer, root.id, store, {
    onProgress: ({ bytes, bytesHere }) => onProgress?.(bytesHere, bytes),
  });
  if (!fetched.ok) throw new Error(`the file did not come: ${fetched.reason}`);
  const target = join(folder, basename(ticket.name));
  await pipeline(readContent(store, root.id), createWriteStream(`${target}.part`, { flush: true }));
  await rename(`${target}.part`, target);
  return { target, size: fetched.size, moved: fetched.bytesMoved, reused: fetched.bytesReused };
}

/** A ticket as one word that survives a chat window. */
export const formatTicket = (ticket: Ticket): string =>
  `drop:${Buffer.from(JSON.stringify(ticket)).toString('base64url')}`;

/** Reads what `formatTicket` wrote; undefined for anything else. */
export function parseTicket(text: string): Ticket | undefined {
  if (!text.startsWith('drop:') || text.length > 4096) return undefined;
  try {
    const value = JSON.parse(Buffer.from(text.slice(5), 'base64url').toString('utf8'));
    const isTicket = ['address', 'offeredBy', 'root', 'name'].every((key) => typeof value[key] === 'string');
    return isTicket && !['', '.', '..'].includes(basename(value.name)) ? value : undefined;
  } catch {
    return undefined;
  }
}
