import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium, NO_CHROMIUM, openBrowser, type TestBrowser, type Visit } from '@hypermesh/browser';
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest';
import { writeEchoPackage } from './echo-package.ts';
import { type FourProcesses, openFourProcesses } from './four-processes.ts';

// Four processes, their proofs and a browser take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 300_000 });

/** Pages of which there is a picture in the dark, or on a phone, too. */
const inTheDark = ['overview', 'ledger', 'metrics'];
const onPhones = ['overview', 'memory', 'runs'];

/** Where pictures of the pages go, for `pnpm screenshots`; none are taken without it. */
const pictures = process.env['HYPERMESH_SCREENSHOTS'];

let mesh: FourProcesses | undefined;
let browser: TestBrowser | undefined;
let link = '';
let origin = '';

beforeAll(async () => {
  if (findChromium() === undefined) return;
  mesh = await openFourProcesses();
  const directory = mesh.directoryOf('birch');
  origin = (JSON.parse(readFileSync(directory.apiAddress, 'utf8')) as { url: string }).url;
  link = `#token=${readFileSync(directory.apiToken, 'utf8').trim()}`;
  browser = await openBrowser();
  await live(mesh);
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
});

/** A little life, so that pages have something to show: a package published, installed and run, and memory granted. */
async function live({ nodes, folder }: FourProcesses): Promise<void> {
  const echo = join(folder, 'echo');
  writeEchoPackage(echo);
  await nodes.amber.call('publish', { folder: echo });
  await nodes.birch.call('install', { specs: ['echo'] });
  await nodes.birch.call('run', { spec: 'echo', on: 'cedar', audit: 'delta', input: 'hello, mesh' });
  const region = await nodes.delta.call<{ address: string }>('memory-lend', {
    bytes: 1_048_576,
    forMs: 3_600_000,
  });
  await nodes.delta.call('memory-grant', {
    address: region.address,
    to: 'birch',
    rights: 'rwa',
    forMs: 1_800_000,
  });
}

/** Opens a page of birch, or skips where there is no browser. */
async function open(
  ctx: TestContext,
  path: string,
  options: Parameters<TestBrowser['visit']>[1] = {},
): Promise<Visit> {
  if (browser === undefined) return ctx.skip(NO_CHROMIUM);
  const visit = await browser.visit(`${origin}${path}${link}`, options);
  await visit.page.locator('main h1').waitFor();
  await visit.page.locator('.waiting').first().waitFor({ state: 'detached' });
  return visit;
}

const picture = async ({ page }: Visit, name: string, look: 'light' | 'dark' | 'phone'): Promise<void> => {
  if (pictures === undefined) return;
  if (look === 'dark' && !inTheDark.includes(name)) return;
  if (look === 'phone' && !onPhones.includes(name)) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, look === 'light' ? `${name}.png` : `${name}-${look}.png`) });
};

const pages = [
  ['/', 'overview'],
  ['/topology', 'topology'],
  ['/ledger', 'ledger'],
  ['/assets', 'assets'],
  ['/packages', 'packages'],
  ['/runs', 'runs'],
  ['/transfers', 'transfers'],
  ['/memory', 'memory'],
  ['/trust', 'certificates'],
  ['/wallet', 'wallet'],
  ['/extensions', 'extensions'],
  ['/extensions/hypermesh.catalog', 'extension'],
  ['/monitor', 'metrics'],
  ['/logs', 'logs'],
] as const;

describe('the page', () => {
  it.for(pages)(
    '%s has nothing for axe, in light and dark and on a phone, and asks nobody else',
    async ([path, name], ctx) => {
      for (const [colorScheme, width] of [
        ['light', 1280],
        ['dark', 1280],
        ['dark', 360],
      ] as const) {
        await using visit = await open(ctx, path, { colorScheme, width, height: 800 });
        expect(await visit.axe(), `${colorScheme} ${width}`).toEqual([]);
        expect(await visit.problems(), `${colorScheme} ${width}`).toEqual([]);
        const overflow = await visit.page.evaluate<number>(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        expect(overflow, `${width} px wide`).toBeLessThanOrEqual(0);
        await picture(visit, name, width === 360 ? 'phone' : colorScheme);
      }
    },
  );
});

describe('a person', () => {
  it('lends memory after confirming, reads and counts in a word of another member, all by the keyboard', async (ctx) => {
    await using visit = await open(ctx, '/memory');
    const { page } = visit;
    await page.getByLabel('Size').fill('1');
    await page.getByLabel('Size').press('Enter');
    await page.getByRole('button', { name: 'Lend 1.0 MB' }).press('Enter');
    await page.getByRole('button', { name: /^Grant the region/ }).waitFor({ timeout: 120_000 });
    await page.getByLabel('Number').fill('41');
    await page.getByRole('button', { name: 'Write' }).press('Enter');
    await page.getByText('holds 41 now').waitFor();
    await page.getByLabel('Number').fill('1');
    await page.getByRole('button', { name: 'Add', exact: true }).press('Enter');
    await page.getByText('held 41 before').waitFor();
    await page.getByRole('button', { name: 'Read', exact: true }).press('Enter');
    await page.getByText('holds 42.').waitFor();
    expect(await visit.problems()).toEqual([]);
  });

  it('sends value after confirming, and nothing that is not there', async (ctx) => {
    await using visit = await open(ctx, '/wallet');
    const { page } = visit;
    await page.getByLabel('To', { exact: true }).selectOption('amber');
    await page.getByLabel('Amount').fill('999999999999999999');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('that is what is available').waitFor();
    await page.getByLabel('Amount').fill('1,234');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
    await page.getByText(/1,234 went to amber/).waitFor({ timeout: 120_000 });
    await page.getByRole('cell', { name: '1,234' }).first().waitFor();
    expect(await visit.problems()).toEqual([]);
  });

  it('makes a rule that fires, switches one off, and sees both live', async (ctx) => {
    await using visit = await open(ctx, '/monitor');
    const { page } = visit;
    await page.getByRole('button', { name: 'New rule' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Name', { exact: true }).fill('too-large');
    await form.getByLabel('It says', { exact: true }).fill('This process is larger than a byte');
    await form.getByLabel('Metric', { exact: true }).fill('hypermesh_process_resident_bytes');
    await form.getByLabel('Than', { exact: true }).fill('1');
    await form.getByLabel('For at least', { exact: true }).fill('0');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Remove the rule too-large' }).waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'This process is larger than a byte' })
      .waitFor({ timeout: 60_000 });
    expect(await visit.axe()).toEqual([]);
    await page.getByRole('button', { name: 'Remove the rule too-large' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('too-large is gone').waitFor();
    expect(await visit.problems()).toEqual([]);
  });

  it('follows the log, and pauses it to read', async (ctx) => {
    await using visit = await open(ctx, '/logs?level=debug');
    const { page } = visit;
    await page.getByRole('button', { name: 'Pause' }).click();
    await mesh?.nodes.birch.call('memory-lend', { bytes: 4096, forMs: 60_000 });
    await page.getByRole('button', { name: /^Go on \([1-9]/ }).click({ timeout: 120_000 });
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect(await visit.problems()).toEqual([]);
  });

  it('sees an entry of the log proved, and resolves a name', async (ctx) => {
    await using visit = await open(ctx, '/trust');
    const { page } = visit;
    await page
      .getByRole('button', { name: /^Prove entry/ })
      .first()
      .click();
    await page.getByText(/hashes lead from it to the signed root/).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Resolve' }).click();
    await page.getByText(/http3:\/\/caesar.* is at/).waitFor({ timeout: 60_000 });
    expect(await visit.problems()).toEqual([]);
  });
});
