import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeMesh, type Mesh, startMesh, stopMesh } from '@hypermesh/tour/mesh';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ranges } from '../src/farm.ts';

let folder = '';
let mesh: Mesh;
const silent = { step() {}, fact() {}, live() {}, settle() {}, line() {} };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farm-'));
  mesh = describeMesh(folder);
  await startMesh(mesh, silent, AbortSignal.timeout(170_000));
}, 180_000);
afterAll(async () => {
  await stopMesh(mesh);
  await rm(folder, { recursive: true, force: true });
}, 60_000);

it('members of a mesh count the primes below 400,000 for another one, and confirm each other', async () => {
  const main = join(import.meta.dirname, '../src/main.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@hypermesh/source', main, mesh[0].directory, '400000', '6'],
    { timeout: 170_000 },
  );
  expect(stdout).toContain('33860 primes below 400000.');
  expect(stdout.match(/confirmed by another/g)).toHaveLength(6);
  // The asking node executes nothing itself.
  expect(stdout).not.toContain(`by ${mesh[0].name} `);
}, 180_000);

it('cuts a task into ranges that leave nothing out and count nothing twice', () => {
  for (const [limit, parts] of [
    [10, 3],
    [1, 1],
    [7, 10],
    [100, 7],
  ] as const) {
    const cut = ranges(limit, parts);
    expect(cut[0]?.from).toBe(0);
    expect(cut.at(-1)?.to).toBe(limit);
    expect(cut.every(({ from, to }, index) => to > from && from === (cut[index - 1]?.to ?? 0))).toBe(true);
  }
});
