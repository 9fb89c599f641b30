import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openQuickJs } from '@hypermesh/metered-wasm/quickjs';
import { expect, it } from 'vitest';
import { documentPath, libraryFolder, packageFolder, referenceOf } from '../src/index.ts';

/** Files of a folder by their path under `prefix`. */
function filesUnder(folder: string, prefix: string): [string, Uint8Array][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [`${prefix}${path.slice(folder.length + 1)}`, new Uint8Array(readFileSync(path))]);
}

it('a library of somebody else turns a real document into the same page as when Node runs it', async () => {
  const { folder, version } = libraryFolder();
  expect(version).toMatch(/^18\./);
  const files = new Map([
    ...filesUnder(packageFolder(), ''),
    ...filesUnder(folder, 'node_modules/marked/').filter(([path]) => /\.(?:js|json)$/.test(path)),
  ]);
  const input = new Uint8Array(readFileSync(documentPath()));
  await using quickjs = openQuickJs({ workers: 1 });
  const result = await quickjs.run({
    ...{ files, entry: 'index.js', input, fuel: 5_000_000_000n, memoryPages: 512, deadlineMs: 60_000 },
  });
  if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
  expect(result.output).toBe(await referenceOf(input));
  expect(result.output).toContain('<h1>');
  expect(result.fuelUsed).toBeGreaterThan(10_000_000n);
});
