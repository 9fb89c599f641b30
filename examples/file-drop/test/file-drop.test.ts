import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatTicket, offer, parseTicket, take } from '../src/drop.ts';

const bytes = randomBytes(3_000_000);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'file-drop-'));
  await writeFile(join(folder, 'film.bin'), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('moves a file to whoever holds the ticket, and moves nothing the second time', async () => {
  await using offered = await offer(join(folder, 'film.bin'), join(folder, 'shelf'));
  const ticket = parseTicket(formatTicket(offered.ticket));
  if (ticket === undefined) throw new Error('a ticket that was written can be read');
  const seen: number[] = [];
  const first = await take(ticket, join(folder), (here) => seen.push(here));
  expect(await readFile(first.target)).toEqual(bytes);
  expect(first.moved).toBeGreaterThan(bytes.length);
  expect(seen.at(-1)).toBe(bytes.length);
  const second = await take(ticket, folder);
  expect(second.moved).toBe(0);
  expect(second.reused).toBe(bytes.length);
});

it('refuses whoever answers with another key, and a root that nobody offers', async () => {
  await using offered = await offer(join(folder, 'film.bin'), join(folder, 'shelf'));
  const { ticket } = offered;
  await expect(take({ ...ticket, offeredBy: '0'.repeat(64) }, folder)).rejects.toThrow('somebody else');
  const root = `${ticket.root.slice(0, -1)}${ticket.root.endsWith('a') ? 'b' : 'a'}`;
  await expect(take({ ...ticket, root }, join(folder, 'other'))).rejects.toThrow();
});

it('takes a name from a ticket only as a name, and nothing that is no ticket', () => {
  const ticket = { address: 'a', offeredBy: 'b', root: 'c', name: '..' };
  for (const text of ['', 'drop:', 'drop:!!', 'ticket', `drop:${'A'.repeat(5000)}`, formatTicket(ticket)]) {
    expect(parseTicket(text), text).toBeUndefined();
  }
});
