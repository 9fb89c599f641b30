import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMemoryJournal, openAssets } from '@hypermesh/assets';
import { openFileJournal } from '@hypermesh/assets/journal';
import { journalCompliance } from '@hypermesh/assets/testing';
import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { ask, assetsWith, floor, folder, memoryAsset, signer } from './support.ts';

const texts = (records: readonly Uint8Array[]) => records.map((record) => Buffer.from(record).toString());

describe('a memory journal', () => {
  test.each(
    journalCompliance(async () => {
      const store = { records: [] as Uint8Array[] };
      return { open: async () => createMemoryJournal(store) };
    }),
  )('$name', ({ run }) => run());
});

describe('a file journal', async () => {
  const place = await folder();
  afterAll(() => place[Symbol.asyncDispose]());
  let count = 0;
  const fresh = () => join(place.path, `journal-${count++}`);
  test.each(
    journalCompliance(async () => {
      const path = fresh();
      return { open: () => openFileJournal(path) };
    }),
  )('$name', ({ run }) => run());

  async function written(path: string, records: readonly string[]): Promise<Buffer> {
    await using journal = await openFileJournal(path);
    for (const text of records) await journal.append(Buffer.from(text));
    return await readFile(path);
  }

  test('that was cut off anywhere comes back with the records before the cut, and can be written on', async () => {
    const path = fresh();
    const records = ['first', 'second', 'third'];
    const whole = await written(path, records);
    for (let length = 24; length < whole.length; length += 1) {
      await writeFile(path, whole);
      await truncate(path, length);
      {
        await using journal = await openFileJournal(path);
        const left = texts(await journal.replay());
        expect((await stat(path)).size).toBe(journal.sizeBytes);
        expect(left).toEqual(records.slice(0, left.length));
        await journal.append(Buffer.from('next'));
      }
      await using again = await openFileJournal(path);
      expect(texts(await again.replay()).at(-1)).toBe('next');
    }
  });

  test('whose durable bytes were damaged is refused with file and place; a damaged end counts as torn', async () => {
    const path = fresh();
    const whole = await written(path, ['first', 'second', 'third']);
    const lastFrame = whole.length - 24 - 'third'.length;
    for (let at = 24; at < whole.length; at += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      await writeFile(path, bytes);
      const opening = openFileJournal(path);
      if (at < lastFrame) {
        await expect(opening).rejects.toMatchObject({
          failure: { code: 'assets/journal-corrupt', file: path },
        });
      } else {
        await using journal = await opening;
        expect(texts(await journal.replay())).toEqual(['first', 'second']);
      }
    }
    for (const bytes of [whole.subarray(0, 10), Buffer.from('something else entirely, and longer')]) {
      await writeFile(path, bytes);
      await expect(openFileJournal(path)).rejects.toMatchObject({ failure: { offset: 0 } });
    }
  });

  test('has one owner at a time, and a lock left by a process that is gone holds nobody up', async () => {
    const path = fresh();
    {
      await using _ = await openFileJournal(path);
      await expect(openFileJournal(path)).rejects.toMatchObject({ code: 'assets/journal-locked' });
    }
    await writeFile(`${path}.lock`, '1 0');
    await using journal = await openFileJournal(path);
    expect(await journal.replay()).toEqual([]);
  });

  test('is written anew when it has grown, and says the same after it', async () => {
    const path = fresh();
    const inner = await openFileJournal(path);
    const asset = memoryAsset();
    let pretended = 16 << 20;
    const journal = Object.defineProperty({ ...inner }, 'sizeBytes', { get: () => pretended });
    const { assets } = await assetsWith([asset], { journal });
    pretended = 128 << 20;
    const answer = await assets.reserve(ask(10));
    await assets[Symbol.asyncDispose]();
    {
      await using journal = await openFileJournal(path);
      expect(await journal.replay()).toHaveLength(1);
    }
    const reopened = await openAssets({
      owner: signer.publicKey,
      floor,
      journal: await openFileJournal(path),
      clock: createManualClock(1_000_000),
      random: createSeededRandom(1),
    });
    expect(reopened.claims()).toEqual(answer.ok ? [answer.claim] : []);
    expect(reopened.find(asset.id)?.state).toBe('available');
    await reopened[Symbol.asyncDispose]();
  });

  test('with records that contradict each other is refused', async () => {
    const path = fresh();
    {
      const { assets } = await assetsWith([memoryAsset()], { journal: await openFileJournal(path) });
      await assets[Symbol.asyncDispose]();
    }
    const records = await (async () => {
      await using journal = await openFileJournal(path);
      return [...(await journal.replay())];
    })();
    const [first, second] = records as [Uint8Array, Uint8Array];
    for (const wrong of [[second], [first, first], [first, second, second], [Buffer.from('nothing')]]) {
      const journal = createMemoryJournal({ records: [...wrong] });
      await expect(assetsWith([], { journal })).rejects.toMatchObject({ code: 'assets/journal-corrupt' });
    }
  });
});
