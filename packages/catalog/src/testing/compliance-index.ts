import assert from 'node:assert/strict';
import type { Index, IndexEntry } from '../ports.ts';
import { type ComplianceCase, rejectsWith, type TwoNodes } from './compliance.ts';

const record = (text: string) => ({ index: new TextEncoder().encode(text) });

async function all(entries: AsyncIterable<IndexEntry>): Promise<IndexEntry[]> {
  const found: IndexEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

/** The promises of the `Index` port. `settled` resolves when both nodes see what was written. */
export function indexCompliance(
  create: TwoNodes<Index>,
  settled: () => Promise<void> = () => Promise.resolve(),
): readonly ComplianceCase[] {
  return [
    {
      name: 'what is published is final, ordered, and seen by the other node',
      async run() {
        const [one, two] = await create();
        const first = await one.publish({ key: 'alpha@1.0.0', value: record('a') });
        const second = await one.publish({ key: 'alpha@1.1.0', value: record('b') });
        assert.ok(second.height >= first.height);
        assert.notEqual(first.operation, second.operation);
        await settled();
        const entry = await two.get('alpha@1.0.0');
        assert.deepEqual(Buffer.from(entry?.record ?? []).toString(), 'a');
        assert.equal(entry?.height, first.height);
        assert.deepEqual(
          (await all(two.entries('alpha'))).map(({ key }) => key),
          ['alpha@1.0.0', 'alpha@1.1.0'],
        );
        assert.equal(await two.get('beta@1.0.0'), undefined);
      },
    },
    {
      name: 'a version is written once, and a name belongs to its first publisher',
      async run() {
        const [one, two] = await create();
        await one.publish({ key: '@scope/beta@1.0.0', value: record('a') });
        await settled();
        await rejectsWith(
          one.publish({ key: '@scope/beta@1.0.0', value: record('b') }),
          'catalog/version-exists',
        );
        await rejectsWith(
          two.publish({ key: '@scope/beta@2.0.0', value: record('b') }),
          'catalog/name-taken',
        );
        assert.deepEqual(
          (await all(two.entries('@scope/beta'))).map(({ key }) => key),
          ['@scope/beta@1.0.0'],
        );
      },
    },
    {
      name: 'an installation is ordered for a package that is there',
      async run() {
        const [one, two] = await create();
        await one.publish({ key: 'gamma@1.0.0', value: record('a') });
        await settled();
        const value = { digest: 'd', packages: ['gamma@1.0.0'] };
        assert.ok((await two.install({ key: 'gamma@1.0.0', value })).height > 0);
        await assert.rejects(two.install({ key: 'nothing@1.0.0', value }));
      },
    },
  ];
}
