import assert from 'node:assert/strict';
import type { Journal } from '../ports.ts';
import type { ComplianceCase } from './compliance.ts';

/** Journals over one store: `open` gives a fresh handle on what the last one left. */
export interface JournalSubject {
  open(): Promise<Journal>;
}

const texts = (records: readonly Uint8Array[]) => records.map((record) => Buffer.from(record).toString());

/** The promises of the `Journal` port. */
export function journalCompliance(create: () => Promise<JournalSubject>): readonly ComplianceCase[] {
  return [
    {
      name: 'a new journal is empty',
      async run() {
        await using journal = await (await create()).open();
        assert.deepEqual(await journal.replay(), []);
      },
    },
    {
      name: 'what was appended comes back whole and in order when it is opened again',
      async run() {
        const subject = await create();
        const written = ['a', '', 'c'.repeat(100_000), '\0\n\r'];
        {
          await using journal = await subject.open();
          await journal.replay();
          for (const text of written) await journal.append(Buffer.from(text));
        }
        await using again = await subject.open();
        assert.deepEqual(texts(await again.replay()), written);
        await again.append(Buffer.from('more'));
      },
    },
    {
      name: 'a replaced journal holds the one record and what was appended after it',
      async run() {
        const subject = await create();
        {
          await using journal = await subject.open();
          await journal.replay();
          for (const text of ['a', 'b', 'c']) await journal.append(Buffer.from(text));
          await journal.replace(Buffer.from('abc'));
          await journal.append(Buffer.from('d'));
        }
        await using again = await subject.open();
        assert.deepEqual(texts(await again.replay()), ['abc', 'd']);
      },
    },
    {
      name: 'its size grows with what is appended and falls when it is replaced',
      async run() {
        await using journal = await (await create()).open();
        const before = journal.sizeBytes;
        await journal.append(Buffer.alloc(10_000, 1));
        const after = journal.sizeBytes;
        await journal.replace(Buffer.from('less'));
        assert.ok(before < after && journal.sizeBytes < after);
      },
    },
  ];
}
