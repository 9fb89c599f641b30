import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Visit } from '@hypermesh/browser';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testsOfAmber } from './dashboard-amber.ts';
import { testsOfBirch } from './dashboard-birch.ts';
import { busyFor } from './dashboard-busy.ts';
import { type DashboardWorld, openDashboardWorld, shown, visitPage } from './dashboard-world.ts';
import type { Name } from './four-processes.ts';

// Four processes, their proofs and a browser take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 400_000 });

/** Pages of which there is a picture in the dark, or on a phone, too. */
const inTheDark = ['overview', 'ledger', 'metrics'];
const onPhones = ['overview', 'memory', 'runs'];

/** Where pictures of the pages go, for `pnpm screenshots`; none are taken without it. */
const pictures = process.env['HYPERMESH_SCREENSHOTS'];

let world: DashboardWorld | undefined;

beforeAll(async () => {
  world = await openDashboardWorld();
  if (world !== undefined && pictures !== undefined) await busyFor(world, 45_000);
});

afterAll(() => world?.[Symbol.asyncDispose]());

const picture = async ({ page }: Visit, name: string, look: 'light' | 'dark' | 'phone'): Promise<void> => {
  if (pictures === undefined || name === '') return;
  if (look === 'dark' && !inTheDark.includes(name)) return;
  if (look === 'phone' && !onPhones.includes(name)) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, look === 'light' ? `${name}.png` : `${name}-${look}.png`) });
};

/** Every page: of which node, where, and the name of its picture where it has one. */
const pages: readonly (readonly [of: Name, path: string, name: string])[] = [
  ['birch', '/', 'overview'],
  ['birch', '/topology', 'topology'],
  ['birch', '/ledger', 'ledger'],
  ['birch', '/assets', 'assets'],
  ['birch', '/packages', 'packages'],
  ['birch', '/runs', 'runs'],
  ['birch', '/transfers', 'transfers'],
  ['birch', '/memory', 'memory'],
  ['birch', '/trust', 'certificates'],
  ['birch', '/wallet', 'wallet'],
  ['birch', '/extensions', 'extensions'],
  ['birch', '/extensions/hypermesh.catalog', 'extension'],
  ['birch', '/monitor', 'metrics'],
  ['birch', '/logs', 'logs'],
  ['amber', '/ledger/block/3', ''],
  ['amber', '/ledger/operation/LEASE', ''],
  ['amber', '/assets/ASSET', ''],
  ['amber', '/packages/echo', ''],
  ['amber', '/runs/LEASE?role=asked', ''],
  ['amber', '/nothing-here', ''],
];

describe('the page', () => {
  it.for(pages)(
    'of %s at %s has nothing for axe, in light and dark, on a phone and between, and asks nobody else [node-03]',
    async ([of, path, name], ctx) => {
      const at = path.replace('LEASE', world?.lease ?? '').replace('ASSET', world?.asset ?? '');
      await using visit = await visitPage(ctx, world, at, { of });
      const { page } = visit;
      for (const [look, colorScheme, width] of [
        ['light', 'light', 1280],
        ['dark', 'dark', 1280],
        ['tablet', 'light', 768],
        ['phone', 'dark', 360],
      ] as const) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await shown(visit);
        expect(await visit.axe(), look).toEqual([]);
        const overflow = await page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(overflow, `${width} px wide`).toBeLessThanOrEqual(0);
        if (look !== 'tablet') await picture(visit, name, look);
      }
      expect(await visit.problems()).toEqual([]);
    },
  );
});

it('what the machine forces its colours on still shows focus, the page one is on, states and each line of a plot', async (ctx) => {
  await using visit = await visitPage(ctx, world, '/ledger', { of: 'birch' });
  const { page } = visit;
  await page.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' });
  const styleOf = (selector: string, name: string, part = '') =>
    page.evaluate<string>(`getComputedStyle(document.querySelector('${selector}'), '${part}')['${name}']`);
  const current = '.rail [aria-current]';
  const outline = () => styleOf(current, 'outline');
  const unfocused = await outline();
  await page.locator(current).focus();
  expect(await outline()).not.toBe(unfocused);
  expect(await styleOf(current, 'outline-style')).toBe('solid');
  expect(await styleOf(current, 'background-color')).not.toBe(await styleOf('html', 'background-color'));
  expect(await styleOf('.badge', 'border-style')).toBe('solid');
  expect(await styleOf('.figure + .figure', 'border-left-style')).toBe('solid');
  const keys = ['.plot-key-1', '.plot-key-2'].map((key) => styleOf(key, 'background-color', '::before'));
  expect(new Set(await Promise.all([...keys, styleOf('html', 'background-color')])).size).toBe(3);
  expect(await visit.problems()).toEqual([]);
});

describe('a person', () => {
  testsOfBirch(() => world);
});

describe('a node and its pages', () => {
  testsOfAmber(() => world);
});
