import { lendable } from '@hypermesh/assets';
import { expect, it } from 'vitest';
import { defaultConfig } from '../src/config.ts';
import { defaultPolicy } from '../src/inventory/default-policy.ts';

const floor = { spaceBytes: 1n, stakePower: 1n, workBits: 1, timeIterations: 1 };

it.each([
  [1, 50, 1],
  [2, 50, 1],
  [3, 50, 2],
  [4, 50, 2],
  [4, 100, 4],
  [4, 0, 0],
  [7, 1, 1],
  [128, 33, 43],
])('of %i cores at %i percent, %i can be leased', (cores, cpuPercent, wanted) => {
  const lend = { ...defaultConfig.lend, cpuPercent };
  const { shareBp } = defaultPolicy({ kind: 'cpu', attributes: { cores } }, lend, floor);
  expect(Math.floor(lendable(cores * 1_000_000, shareBp) / 1_000_000)).toBe(wanted);
});
