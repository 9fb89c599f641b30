import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium, NO_CHROMIUM, openBrowser, type TestBrowser, type Visit } from '@hypermesh/browser';
import { expect, type TestContext } from 'vitest';
import { writeEchoPackage } from './echo-package.ts';
import { type FourProcesses, type Name, openFourProcesses } from './four-processes.ts';

/** What `assets` answers, as far as it is read here. */
export interface Assets {
  readonly own: readonly { readonly id: string; readonly kind: string }[];
  readonly ledger: readonly { readonly id: string; readonly owner: string }[];
}

/** A running mesh, a browser, and what pages are looked at by: one for all tests of the pages. */
export interface DashboardWorld extends AsyncDisposable {
  readonly browser: TestBrowser;
  readonly mesh: FourProcesses;
  /** A run that amber asked for, and amber's memory. */
  readonly lease: string;
  readonly asset: string;
  /** Where the pages of a node are. */
  originOf(name: Name): string;
  tokenOf(name: Name, access?: 'full' | 'read'): string;
}

/** Undefined where there is no browser. */
export async function openDashboardWorld(): Promise<DashboardWorld | undefined> {
  if (findChromium() === undefined) return undefined;
  await using cleanup = new AsyncDisposableStack();
  const browser = cleanup.use(await openBrowser());
  const mesh = cleanup.use(await openFourProcesses());
  const { nodes, folder } = mesh;
  // What a node registers by itself after its start comes first.
  await Promise.all(Object.values(nodes).map((node) => node.call('assets', { registered: true })));
  const echo = join(folder, 'echo');
  writeEchoPackage(echo);
  await nodes.amber.call('publish', { folder: echo });
  const { lease } = await nodes.amber.call<{ lease: string }>('run', { spec: 'echo' });
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
  const { own } = await nodes.amber.call<Assets>('assets', { registered: true });
  const ended = cleanup.move();
  return {
    ...{ browser, mesh, lease },
    asset: own.find(({ kind }) => kind === 'memory')?.id ?? '',
    originOf(name) {
      const { url } = JSON.parse(readFileSync(mesh.directoryOf(name).apiAddress, 'utf8')) as { url: string };
      return url.replace('[::1]', 'hypermesh.localhost');
    },
    tokenOf(name, access = 'full') {
      const directory = mesh.directoryOf(name);
      return readFileSync(access === 'full' ? directory.apiToken : directory.apiReadToken, 'utf8').trim();
    },
    [Symbol.asyncDispose]: () => ended.disposeAsync(),
  };
}

/** How a page is opened: of amber where no other node is named. */
export type VisitOptions = Parameters<TestBrowser['visit']>[1] & {
  readonly of?: Name;
  readonly access?: 'full' | 'read';
};

/** A page of a node of the world, and the world. */
export type Opened = Visit & { readonly world: DashboardWorld };

/** Opens a page by the link that `hypermesh dashboard` prints, or skips where there is no browser. */
export async function visitPage(
  ctx: TestContext,
  world: DashboardWorld | undefined,
  path: string,
  { of = 'amber', access = 'full', ...options }: VisitOptions = {},
): Promise<Opened> {
  if (world === undefined) return ctx.skip(NO_CHROMIUM);
  const link = `${world.originOf(of)}${path}#token=${world.tokenOf(of, access)}`;
  const opened = await world.browser.visit(link, options);
  await shown(opened);
  return Object.assign(opened, { world });
}

/** Marks what is open, and tells later whether it is still that: not reloaded meanwhile. */
export async function marked({ page }: Visit): Promise<() => Promise<boolean>> {
  await page.evaluate('globalThis.__here = true');
  return () => page.evaluate<boolean>('globalThis.__here === true');
}

/** Resolves when every panel of the page has its answer. */
export async function shown({ page }: Visit): Promise<void> {
  await page.locator('main h1').waitFor();
  await expect.poll(() => page.locator('.waiting').count(), { timeout: 60_000 }).toBe(0);
}
