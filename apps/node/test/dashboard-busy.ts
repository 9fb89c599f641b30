import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DashboardWorld } from './dashboard-world.ts';
import { names } from './four-processes.ts';
import { echo } from './guests.ts';

const packages = [
  ['echo-large', 'says what it is told, with six megabytes of tables', 6_000_000],
  ['weather-log', 'readings of a station, and a program that prints them', 2_500_000],
  ['tide-tables', 'tides of a year', 900_000],
] as const;

/**
 * Has the mesh work for so long, so that pictures of its pages show what pages are for: packages are published, fetched
 * and run by every member, value is sent, memory is lent, granted and counted in.
 */
export async function busyFor({ mesh: { nodes, folder } }: DashboardWorld, ms: number): Promise<void> {
  const until = performance.now() + ms;
  const region = await nodes.birch.call<{ address: string }>('memory-lend', {
    bytes: 4_000_000,
    forMs: 3_600_000,
  });
  for (const to of ['amber', 'cedar'] as const)
    await nodes.birch.call('memory-grant', {
      address: region.address,
      to,
      rights: 'rwa',
      forMs: 2_400_000,
    });
  for (const [at, [name, says, bytes]] of packages.entries()) {
    const path = join(folder, name);
    mkdirSync(path);
    writeFileSync(join(path, 'program.wasm'), echo);
    writeFileSync(join(path, 'input.txt'), `${name}: a line of it`);
    writeFileSync(join(path, 'tables.bin'), randomBytes(bytes));
    writeFileSync(
      join(path, 'catalog.yaml'),
      `apiVersion: catalog.v1
kind: AssetPackage
metadata: { name: ${name}, version: 1.${at}.0, tags: [data] }
spec:
  description: ${says.replaceAll(',', ';')}
  type: vm.wasm
  content: { files: [program.wasm, input.txt, tables.bin], entrypoint: program.wasm, args: [run, input.txt] }
`,
    );
    const { height } = await nodes[names[(at + 2) % 4] ?? 'amber'].call<{ height: number }>('publish', {
      folder: path,
    });
    // Final there is not yet applied here.
    await nodes.birch.call('final', { height });
    await nodes.birch.call('install', { specs: [name] });
  }
  for (let round = 0; performance.now() < until; round++) {
    const [asking, other] = [names[round % 4] ?? 'amber', names[(round + 1) % 4] ?? 'birch'];
    const spec = round % 2 === 0 ? 'echo' : (packages[round % 3]?.[0] ?? 'echo');
    await nodes.birch.call('run', { spec, input: `round ${round}` });
    await nodes[asking].call('run', { spec: 'echo', input: 'hello, mesh' });
    await nodes[asking].call('transfer', {
      to: other,
      amount: String(250_000 * (round + 1)),
      note: `round ${round}`,
    });
    await nodes.amber.call('memory-add', { address: region.address, delta: '1' });
  }
}
