import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium, NO_CHROMIUM, openBrowser, type TestBrowser } from '@hypermesh/browser';
import { toHex } from '@hypermesh/core';
import { connectControl, dataDirectory } from '@hypermesh/node/control';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), 'hm-page-'));
const evidence = join(folder, 'evidence');
const root = fileURLToPath(new URL('..', import.meta.url));
const command = [
  '--conditions=@hypermesh/source',
  fileURLToPath(new URL('./fixtures/hypermesh.ts', import.meta.url)),
];
const chromium = findChromium();

let node: ChildProcess | undefined;
let browser: TestBrowser | undefined;
let server: PreviewServer | undefined;
let url = '';
let chain = '';

beforeAll(async () => {
  if (chromium === undefined) return;
  const data = join(folder, 'node');
  execFileSync(process.execPath, [
    ...command,
    'init',
    '--data',
    data,
    '--name',
    'amber',
    '--validators',
    '1',
    '--json',
  ]);
  node = spawn(process.execPath, [...command, 'up', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (node.stdout === null) throw new Error('no output');
  await once(node.stdout, 'data');
  const { controlSocket, path } = dataDirectory(data);
  await using client = await connectControl(controlSocket, path);
  ({ chain } = await client.call<{ chain: string }>('final', { height: 2 }));
  await client.call('evidence', { folder: evidence });

  const outDir = join(folder, 'page');
  await build({ root, logLevel: 'error', build: { outDir } });
  server = await preview({ root, logLevel: 'error', build: { outDir }, preview: { host: '::1', port: 0 } });
  url = server.resolvedUrls?.local[0] ?? server.resolvedUrls?.network[0] ?? '';
  browser = await openBrowser();
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.close();
  if (node?.exitCode === null) {
    const gone = once(node, 'exit');
    node.kill('SIGTERM');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Fills the page in, checks, and answers what it says. */
async function check(
  browser: TestBrowser,
  given: { chain?: string; genesis?: string; proof?: string; button?: string },
): Promise<string[]> {
  await using visit = await browser.visit(url, { colorScheme: 'dark' });
  const { page } = visit;
  await page.getByLabel('The id of the ledger').fill(given.chain ?? chain);
  await page.getByLabel('The genesis').setInputFiles(given.genesis ?? join(evidence, 'genesis.cbor'));
  await page.getByLabel('The proof').setInputFiles(given.proof ?? join(evidence, 'finality.cbor'));
  await page.getByRole('button', { name: given.button ?? 'Check', exact: true }).click();
  await page.locator('li').first().waitFor();
  expect(await visit.axe()).toEqual([]);
  expect(await visit.problems()).toEqual([]);
  return await page.locator('li').allTextContents();
}

describe('a page with the light client', () => {
  it('shows that a block of a running mesh is final, and asks nobody', async (ctx) => {
    if (browser === undefined) return ctx.skip(NO_CHROMIUM);
    const steps = await check(browser, {});
    expect(steps).toHaveLength(3);
    expect(steps[0]).toBe(`✓ The genesis has the hash ${chain} and names 1 validators.`);
    expect(steps[2]).toMatch(/^✓ Block \d+ is final: [0-9a-f]{64}\.$/);
  });

  it('takes the JSON that a node answers', async (ctx) => {
    if (browser === undefined) return ctx.skip(NO_CHROMIUM);
    const proof = join(folder, 'proof.json');
    writeFileSync(
      proof,
      JSON.stringify({ height: 2, proof: toHex(readFileSync(join(evidence, 'finality.cbor'))) }),
    );
    expect((await check(browser, { proof })).at(-1)).toMatch(/^✓ Block \d+ is final/);
  });

  it('refuses a proof with one bit changed', async (ctx) => {
    if (browser === undefined) return ctx.skip(NO_CHROMIUM);
    const steps = await check(browser, { button: 'Check with one bit changed' });
    expect(steps.at(-1)).toMatch(/^✗ Block \d+ is not shown to be final: signature\.$/);
  });

  it('refuses the genesis of another ledger, and what is no proof', async (ctx) => {
    if (browser === undefined) return ctx.skip(NO_CHROMIUM);
    expect(
      await check(browser, { chain: chain.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }),
    ).toEqual(['✗ The genesis is not that of the ledger: other-chain.']);
    const other = join(evidence, 'facts.cbor');
    expect((await check(browser, { proof: other })).at(-1)).toMatch(/^✗ The proof cannot be read: /);
  });
});
