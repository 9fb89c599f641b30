import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { TestSpecification, Vitest } from 'vitest/node';
import { ROOT } from '../src/root.ts';
import { LONGEST, LongestFirst } from '../src/run/longest-first.ts';

const specification = (file: string) =>
  ({
    moduleId: join(ROOT, file),
    project: { name: 'unit', config: { isolate: true, sequence: { groupOrder: 0 } } },
  }) as TestSpecification;

it('begins with the files that take longest, and all of them are there', async () => {
  expect(LONGEST.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  const vitest = { cache: { getTestSpecificationResult: () => ({ failed: false, duration: 1 }) } };
  const files = ['tools/repo/test/longest-first.test.ts', ...LONGEST.toReversed()].map(specification);
  const sorted = await new LongestFirst(vitest as unknown as Vitest).sort(files);
  expect(sorted.map(({ moduleId }) => moduleId)).toEqual(
    [...LONGEST, 'tools/repo/test/longest-first.test.ts'].map((file) => join(ROOT, file)),
  );
});
