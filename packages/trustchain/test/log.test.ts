import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSigner } from '@hypermesh/core/ed25519';
import { leafHash, merkleRoot } from '@hypermesh/core/merkle';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  openCheckpoint,
  openLog,
  type TransparencyLog,
  tilePath,
  verifyGrowth,
  verifyLogProof,
} from '../src/log/index.ts';
import { killAfter } from './killed-child.ts';
import { temporaryFolder } from './temporary-folder.ts';

const origin = 'example.org/log';
const signer = createSigner(new Uint8Array(32).fill(1));
const text = (value: string) => new TextEncoder().encode(value);
const open = (directory: string) => openLog({ directory, origin, signer });

function checkpointOf(log: TransparencyLog) {
  const opened = openCheckpoint(log.checkpoint, log.verifierKey);
  if (!opened.ok) throw new Error(opened.reason);
  return opened.checkpoint;
}

async function logOf(count: number) {
  const directory = await temporaryFolder();
  const log = await open(directory);
  const entries = Array.from({ length: count }, (_, at) => text(`entry ${at}`));
  await Promise.all(entries.map((entry) => log.append(entry)));
  return { directory, log, entries };
}

test('inclusion and consistency proofs verify without the log [trustchain-03]', async () => {
  const { log, entries } = await logOf(37);
  const early = checkpointOf(log);
  for (const [index, entry] of entries.entries()) {
    expect(verifyLogProof(entry, log.prove(index), log.verifierKey)).toMatchObject({ ok: true });
  }
  const receipt = await log.append(text('one more'));
  expect(receipt.index).toBe(37);
  const late = checkpointOf(log);
  expect(late.size).toBe(38);
  expect(verifyGrowth(early, late, log.consistencyProof(37))).toEqual({ ok: true });
  const { log: empty } = await logOf(0);
  expect(verifyGrowth(checkpointOf(empty), late, log.consistencyProof(0))).toEqual({ ok: true });
  await Promise.all([log.close(), empty.close()]);
});

test('a rewritten entry breaks inclusion and consistency [trustchain-03]', async () => {
  const { log, entries } = await logOf(20);
  const before = checkpointOf(log);
  const rewritten = entries.map((entry, at) => (at === 7 ? text('forged') : entry));
  expect(verifyLogProof(text('forged'), log.prove(7), log.verifierKey)).toEqual({
    ok: false,
    reason: 'proof-root-mismatch',
  });
  // The same log with entry 7 rewritten, and grown by one, cannot show that it continues what it signed.
  const other = await open(await temporaryFolder());
  await Promise.all([...rewritten, text('later')].map((entry) => other.append(entry)));
  expect(verifyGrowth(before, checkpointOf(other), other.consistencyProof(20))).toEqual({
    ok: false,
    reason: 'proof-root-mismatch',
  });
  expect(verifyLogProof(entries[7] ?? text(''), other.prove(7), other.verifierKey).ok).toBe(false);
  await Promise.all([log.close(), other.close()]);
});

test('whatever is appended in whatever batches, the root is that of the list and the log reopens with it', async () => {
  const batches = fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 9 }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(batches, async (lists) => {
      const directory = await temporaryFolder();
      const model: Uint8Array[] = [];
      for (const list of lists) {
        const log = await open(directory);
        expect(log.size).toBe(model.length);
        const receipts = await Promise.all(list.map((entry) => log.append(entry)));
        expect(receipts.map(({ index }) => index)).toEqual(list.map((_, at) => model.length + at));
        model.push(...list);
        expect(checkpointOf(log).root).toEqual(merkleRoot(model.map((entry) => leafHash(entry))));
        for (const [index, entry] of model.entries()) expect(await log.entry(index)).toEqual(entry);
        await log.close();
      }
    }),
    { numRuns: 12 },
  );
});

test('appends of one turn share one checkpoint', async () => {
  const { log } = await logOf(0);
  const receipts = await Promise.all([1, 2, 3].map((number) => log.append(new Uint8Array([number]))));
  expect(new Set(receipts.map(({ checkpoint }) => checkpoint)).size).toBe(1);
  await log.close();
});

test('more appends than a batch holds are acknowledged in order', async () => {
  const { log, entries } = await logOf(2500);
  expect(log.size).toBe(2500);
  expect(await log.entry(2047)).toEqual(entries[2047]);
  expect(checkpointOf(log).root).toEqual(merkleRoot(entries.map((entry) => leafHash(entry))));
  await log.close();
});

test('misuse fails with a code and leaves the log usable', async () => {
  const { log, directory } = await logOf(3);
  await expect(log.append(new Uint8Array(65536))).rejects.toMatchObject({ code: 'trustchain/bad-argument' });
  await expect(log.append('text' as unknown as Uint8Array)).rejects.toMatchObject({
    code: 'trustchain/bad-argument',
  });
  await expect(log.entry(3)).rejects.toMatchObject({ code: 'trustchain/bad-argument' });
  for (const index of [-1, 3, 0.5, Number.NaN]) {
    expect(() => log.prove(index)).toThrowError(expect.objectContaining({ code: 'trustchain/bad-argument' }));
  }
  expect(() => log.consistencyProof(1, 9)).toThrowError(
    expect.objectContaining({ code: 'trustchain/bad-argument' }),
  );
  await expect(open(directory)).rejects.toMatchObject({ code: 'trustchain/log-locked' });
  expect((await log.append(new Uint8Array(65535))).index).toBe(3);
  await log.close();
  await log.close();
  await expect(log.append(text('x'))).rejects.toMatchObject({ code: 'trustchain/closed' });
});

test('public tiles give every entry and the signed root to a reader who has nothing else', async () => {
  const { directory, log, entries } = await logOf(600);
  await log.append(text('last'));
  entries.push(text('last'));
  await log.published();
  const file = (path: string) => readFile(join(directory, 'public', path));
  const opened = openCheckpoint(new Uint8Array(await file('checkpoint')), log.verifierKey);
  expect(opened).toMatchObject({ ok: true, checkpoint: { size: 601 } });
  const read: Uint8Array[] = [];
  for (const path of ['tile/entries/000', 'tile/entries/001', 'tile/entries/002.p/89']) {
    const bundle = await file(path);
    for (let at = 0; at < bundle.length; ) {
      const length = bundle.readUInt16BE(at);
      read.push(new Uint8Array(bundle.subarray(at + 2, at + 2 + length)));
      at += 2 + length;
    }
  }
  expect(read).toEqual(entries);
  const leaves = read.map((entry) => leafHash(entry));
  expect(opened.ok && merkleRoot(leaves)).toEqual(opened.ok && opened.checkpoint.root);
  expect(new Uint8Array(await file('tile/0/001'))).toEqual(
    new Uint8Array(Buffer.concat(leaves.slice(256, 512))),
  );
  const roots = [leaves.slice(0, 256), leaves.slice(256, 512)].map((part) => merkleRoot(part));
  expect(new Uint8Array(await file('tile/1/000.p/2'))).toEqual(new Uint8Array(Buffer.concat(roots)));
  expect(await readdir(join(directory, 'public/tile/0'))).toEqual(['000', '001', '002.p']);
  await log.close();
});

test('a journal torn anywhere in its last write opens with what was acknowledged before', async () => {
  const { directory, log } = await logOf(3);
  await log.close();
  const path = join(directory, 'journal');
  const whole = await readFile(path);
  // The published checkpoint stands for what others were shown, so the torn write is one that nobody saw.
  const shown = await readFile(join(directory, 'public/checkpoint'));
  const again = await open(directory);
  await Promise.all([again.append(text('torn')), again.append(text('too'))]);
  await again.close();
  const longer = await readFile(path);
  for (let length = whole.length; length < longer.length; length += 1) {
    await writeFile(path, longer.subarray(0, length));
    await writeFile(join(directory, 'public/checkpoint'), shown);
    const log = await open(directory);
    expect(log.size).toBe(3);
    await log.close();
  }
  // Pages may also reach the disk out of order: the end is there and the middle is not.
  const holed = Buffer.from(longer);
  holed.fill(0, whole.length + 3, whole.length + 12);
  await writeFile(path, holed);
  await writeFile(join(directory, 'public/checkpoint'), shown);
  const recovered = await open(directory);
  expect(recovered.size).toBe(3);
  expect((await recovered.append(text('next'))).index).toBe(3);
  await recovered.close();
});

test('a journal torn while it was made opens as a new log', async () => {
  const { directory, log } = await logOf(0);
  await log.close();
  const path = join(directory, 'journal');
  const whole = await readFile(path);
  for (let length = 0; length < whole.length; length += 7) {
    await writeFile(path, whole.subarray(0, length));
    const again = await open(directory);
    expect(again.size).toBe(0);
    await again.close();
  }
});

test('a damaged, shortened, exchanged or rewritten journal is refused and named', async () => {
  const { directory, log } = await logOf(5);
  await log.append(text('second batch'));
  await log.append(text('third batch'));
  await log.close();
  const path = join(directory, 'journal');
  const whole = await readFile(path);
  const at = (needle: string) => whole.indexOf(needle);
  const altered = (position: number, value: number) => {
    const copy = Buffer.from(whole);
    copy[position] = value;
    return copy;
  };
  const cases: [Uint8Array, string][] = [
    [altered(at('second'), 0x53), 'damaged'],
    [altered(at('entry 2') - 9, 0x01), 'damaged'],
    [altered(2, 1), 'damaged'],
    [whole.subarray(0, at('third') - 9), 'rolled-back'],
  ];
  for (const [bytes, problem] of cases) {
    await writeFile(path, bytes);
    await expect(open(directory)).rejects.toMatchObject({
      failure: { code: 'trustchain/log-corrupt', problem },
    });
    // A refusal changes nothing.
    expect(new Uint8Array(await readFile(path))).toEqual(new Uint8Array(bytes));
  }
  await writeFile(path, whole);
  const stranger = createSigner(new Uint8Array(32).fill(9));
  await expect(openLog({ directory, origin, signer: stranger })).rejects.toMatchObject({
    failure: { problem: 'foreign' },
  });
  await expect(openLog({ directory, origin: 'other', signer })).rejects.toMatchObject({
    failure: { problem: 'foreign' },
  });

  // Whoever rewrites an entry mends its checksum too; the tree tells.
  const other = await temporaryFolder();
  const forged = await open(other);
  await Promise.all(
    [0, 1, 2, 3, 4].map((number) => forged.append(text(number === 2 ? 'entry X' : `entry ${number}`))),
  );
  await forged.close();
  const start = at('entry 2') - 9;
  const donor = await readFile(join(other, 'journal'));
  const patched = Buffer.from(whole);
  donor.copy(patched, start, donor.indexOf('entry X') - 9, donor.indexOf('entry X') + 7);
  await writeFile(path, patched);
  await expect(open(directory)).rejects.toMatchObject({ failure: { problem: 'rewritten' } });

  await writeFile(path, whole);
  const fine = await open(directory);
  expect(fine.size).toBe(7);
  await fine.close();
  await truncate(path, 0);
  await expect(open(directory)).rejects.toMatchObject({ failure: { problem: 'rolled-back' } });
  await expect(open(directory)).rejects.toMatchObject({ failure: { problem: 'rolled-back' } });
  await appendFile(path, 'not a journal');
  await expect(open(directory)).rejects.toMatchObject({ failure: { problem: 'damaged' } });
});

test('any flipped bit of a published journal is refused', async () => {
  const { directory, log } = await logOf(4);
  await log.append(text('a second batch'));
  await log.close();
  const path = join(directory, 'journal');
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
      const copy = Buffer.from(whole);
      copy[at] = (copy[at] ?? 0) ^ (1 << bit);
      await writeFile(path, copy);
      await expect(open(directory)).rejects.toMatchObject({ code: 'trustchain/log-corrupt' });
    }),
    { numRuns: 80 },
  );
});

test('tiles have the paths that C2SP gives them', () => {
  expect(tilePath(0, 7)).toBe('tile/0/007');
  expect(tilePath(1, 1234067)).toBe('tile/1/x001/x234/067');
  expect(tilePath('entries', 1000, 5)).toBe('tile/entries/x001/000.p/5');
});

test.each([1, 3, 20, 60, 150])(
  'killed after %i acknowledged entries, every one of them is there',
  async (lines) => {
    const directory = await temporaryFolder();
    const printed = await killAfter(
      new URL('./fixtures/append-entries.ts', import.meta.url),
      [directory],
      lines,
    );
    const acknowledged = Number(printed.at(-1));
    const killed = await openLog({
      directory,
      origin: 'example.org/killed',
      signer: createSigner(new Uint8Array(32).fill(5)),
    });
    expect(killed.size).toBeGreaterThan(acknowledged);
    for (let index = 0; index < killed.size; index += 1) {
      const entry = await killed.entry(index);
      expect(Buffer.from(entry).toString()).toBe(`entry ${index} `.repeat(20));
      expect(verifyLogProof(entry, killed.prove(index), killed.verifierKey)).toMatchObject({ ok: true });
    }
    expect((await killed.append(text('after'))).index).toBe(killed.size - 1);
    await killed.close();
  },
);
