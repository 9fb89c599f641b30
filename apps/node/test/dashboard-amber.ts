import { NO_CHROMIUM } from '@hypermesh/browser';
import { expect, it } from 'vitest';
import { type Assets, type DashboardWorld, marked, shown, visitPage } from './dashboard-world.ts';
import { startNode } from './processes.ts';

/** What a person and a node do with each other over the pages of amber. */
export function testsOfAmber(world: () => DashboardWorld | undefined): void {
  it('the address loses the token, the browser keeps it, and a reload needs no link', async (ctx) => {
    await using opened = await visitPage(ctx, world(), '/ledger');
    const { page } = opened;
    expect(page.url()).toBe(`${opened.world.originOf('amber')}/ledger`);
    await page.reload();
    await shown(opened);
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Ledger');
  });

  it('without a token, and with a wrong one, the page says how to come in and shows nothing else', async (ctx) => {
    const here = world();
    if (here === undefined) return ctx.skip(NO_CHROMIUM);
    const base = here.originOf('amber');
    await using without = await here.browser.visit(`${base}/ledger`);
    await without.page.getByRole('heading', { name: 'This node asks who you are' }).waitFor();
    expect(await without.page.getByText('hypermesh dashboard').count()).toBe(1);
    expect(await without.axe()).toEqual([]);

    await using wrong = await here.browser.visit(`${base}/ledger#token=${'0'.repeat(64)}`);
    await wrong.page.getByRole('heading', { name: 'The node refuses this link' }).waitFor();
    await wrong.page.getByLabel('Token').fill(here.tokenOf('amber'));
    await wrong.page.getByRole('button', { name: 'Come in' }).click();
    await wrong.page.getByRole('heading', { name: 'Ledger' }).waitFor();
  });

  it('an event of the node changes the page without a reload [node-03]', async (ctx) => {
    await using opened = await visitPage(ctx, world(), '/ledger');
    const { page } = opened;
    const { mesh } = opened.world;
    const isThere = await marked(opened);
    await page.getByRole('combobox', { name: 'Kind of operation' }).selectOption('asset.register');
    const table = page.getByRole('table', { name: 'Operations' });
    await table.getByRole('link', { name: 'asset.register' }).first().waitFor();
    const { height } = await mesh.nodes.amber.call<{ height: number }>('register-asset', {
      note: 'seen live',
    });
    await table.locator(`a[href="/ledger/block/${height}"]`).first().waitFor({ timeout: 60_000 });
    expect(await isThere()).toBe(true);
    expect(await opened.problems()).toEqual([]);
  });

  it('a policy is changed by keyboard alone: explained before, ordered on the ledger after [node-03]', async (ctx) => {
    await using opened = await visitPage(ctx, world(), `/assets/${world()?.asset}`);
    const { page } = opened;
    const { mesh } = opened.world;
    const tabTo = async (name: string) => {
      for (let stop = 0; stop < 80; stop++) {
        await page.keyboard.press('Tab');
        const label = await page.evaluate<string>(
          `(({ activeElement: e }) => e?.labels?.[0]?.innerText ?? e?.getAttribute('aria-label') ?? e?.innerText ?? '')(document)`,
        );
        if (label.trim() === name) return;
      }
      throw new Error(`Tab does not lead to ${name}`);
    };
    const retype = async (text: string) => {
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(text);
    };
    await tabTo('Change the policy');
    await page.keyboard.press('Enter');
    await tabTo('Share that is lent');
    await retype('250');
    await page.keyboard.press('Enter');
    await page.getByText('A percentage from 0 to 100, with two decimals at most').waitFor();
    await expect.poll(() => page.evaluate('document.activeElement?.name')).toBe('sharePercent');
    await retype('25');
    await page.getByText('25 %').first().waitFor();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Change the policy of this memory?' });
    await dialog.waitFor();
    expect(await opened.axe()).toEqual([]);
    for (let stop = 0; stop < 6; stop++) {
      await page.keyboard.press('Tab');
      expect(
        await page.evaluate(
          `document.activeElement === document.body || document.activeElement.closest('dialog') !== null`,
        ),
      ).toBe(true);
    }
    await tabTo('Change the policy');
    await page.keyboard.press('Enter');
    await page.getByText(/The policy holds since block/).waitFor({ timeout: 60_000 });
    const { policy } = await mesh.nodes.amber.call<{ policy: { shareBp: number } }>('asset', {
      asset: opened.world.asset,
    });
    expect(policy.shareBp).toBe(2_500);
    expect(await opened.problems()).toEqual([]);
  });

  it('a package is installed from its page, checked, and run; the record shows what confirms it', async (ctx) => {
    await using opened = await visitPage(ctx, world(), '/packages/echo');
    const { page } = opened;
    await page.getByRole('button', { name: 'Install 1.2.3' }).click();
    await page.getByText('installed', { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Check every byte' }).click();
    await page.getByText('all checks hold').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Ask the members' }).click();
    await page.getByText('would run it').first().waitFor({ timeout: 60_000 });

    await page.getByRole('link', { name: 'Run it' }).click();
    await page.getByRole('heading', { name: 'Runs', exact: true }).waitFor();
    expect(await page.evaluate('document.activeElement?.tagName')).toBe('H1');
    await page.getByRole('button', { name: 'Run it' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Run it' }).click();
    await page.getByRole('link', { name: 'logs, receipt and proofs' }).click({ timeout: 90_000 });
    await page.getByText('the same bytes again').waitFor();
    await page.getByText('agrees').waitFor();
    await page.getByRole('button', { name: 'Execute again and compare' }).click();
    await page.getByText('the same', { exact: true }).waitFor({ timeout: 60_000 });
    expect(await opened.problems()).toEqual([]);
  });

  it('ten thousand assets scroll, sort and filter, with few of them drawn and all of them counted', async (ctx) => {
    await using opened = await visitPage(ctx, world(), '/');
    const { page } = opened;
    const { mesh } = opened.world;
    const many = 10_000;
    // What the node answers, with many more of what is in it.
    const { own, ledger } = await mesh.nodes.amber.call<Assets>('assets');
    await page.route('**/v1/assets', async (route) => {
      const more = Array.from({ length: many }, (_, at) => {
        const like = ledger[at % ledger.length];
        return {
          ...like,
          id: `${like?.id.slice(0, -6)}${String(at).padStart(6, '0')}`,
          owner: `member ${at}`,
        };
      });
      await route.fulfill({ json: { own, ledger: more } });
    });
    await page.goto(`${opened.world.originOf('amber')}/assets`);
    await shown(opened);
    const table = page.getByRole('table', { name: 'Assets on the ledger' });
    expect(await table.getAttribute('aria-rowcount')).toBe(String(many + 1));
    const rowInFocus = () =>
      page.evaluate(`document.activeElement.closest('tr')?.getAttribute('aria-rowindex')`);
    const drawn = () => table.locator('tbody tr:not([aria-hidden])').count();
    expect(await drawn()).toBeLessThan(80);
    expect(await page.evaluate<number>('document.querySelectorAll("*").length')).toBeLessThan(2_500);

    await page.getByRole('region', { name: 'Table: Assets on the ledger' }).focus();
    await page.keyboard.press('End');
    await table.locator(`tr[aria-rowindex="${many + 1}"]`).waitFor();
    await expect.poll(rowInFocus).toBe(String(many + 1));
    await page.keyboard.press('ArrowUp');
    await expect.poll(rowInFocus).toBe(String(many));
    expect(await drawn()).toBeLessThan(80);

    await table.getByRole('button', { name: 'Owner' }).click();
    expect(await table.getByRole('columnheader', { name: 'Owner' }).getAttribute('aria-sort')).toBe(
      'ascending',
    );
    await page.getByLabel('Filter Assets on the ledger').fill('member 4321');
    await expect.poll(drawn).toBe(1);
    await page.getByText(`1 of ${many}`).waitFor();
    expect(await opened.axe()).toEqual([]);
    expect(await opened.problems()).toEqual([]);
  });

  it('the sheet of a phone leads to every page, and closes behind the one that is chosen', async (ctx) => {
    await using opened = await visitPage(ctx, world(), '/', { width: 360, height: 740 });
    const { page } = opened;
    await page.getByRole('button', { name: 'More' }).click();
    const sheet = page.getByRole('dialog', { name: 'Pages' });
    await sheet.waitFor();
    expect(await opened.axe()).toEqual([]);
    await sheet.getByRole('link', { name: 'Topology' }).click();
    await page.getByRole('heading', { name: 'Topology', level: 1 }).waitFor();
    await expect.poll(() => sheet.count()).toBe(0);
  });

  it('colours follow the switch, and the choice outlasts a reload', async (ctx) => {
    await using opened = await visitPage(ctx, world(), '/', { colorScheme: 'light' });
    const { page } = opened;
    const ground = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    const light = await ground();
    await page.getByRole('button', { name: 'Dark', exact: true }).click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await shown(opened);
    expect(await ground()).toBe(dark);
  });

  it('colours change at once, for everything on the page, also where no motion is wished', async (ctx) => {
    await using opened = await visitPage(ctx, world(), '/', { colorScheme: 'light' });
    const { page } = opened;
    const colours = () =>
      page.evaluate<string[]>(
        `[...document.querySelectorAll('body *')].map((e) => getComputedStyle(e).color + getComputedStyle(e).backgroundColor)`,
      );
    // In one task of the page: what a checker reads that comes a moment after the switch.
    const atOnce = await page.evaluate<number>(
      `(document.documentElement.dataset.theme = 'dark', document.documentElement.offsetWidth, document.getAnimations().length)`,
    );
    expect(atOnce).toBe(0);
    const first = await colours();
    expect(first.some((each) => each.includes('rgb(228, 234, 232)'))).toBe(true);
  });

  it('a node that is killed is said to be silent, and the page goes on by itself when it is back', async (ctx) => {
    await using opened = await visitPage(ctx, world(), '/');
    const { page } = opened;
    const { mesh } = opened.world;
    await page.getByText('Live', { exact: true }).first().waitFor();
    const isThere = await marked(opened);
    await mesh.nodes.amber.end('SIGKILL');
    await page.getByText(/The node does not answer/).waitFor({ timeout: 60_000 });
    expect(await page.getByText('Reconnecting').count()).toBeGreaterThan(0);
    mesh.nodes.amber = await startNode(mesh.directoryOf('amber').path);
    await page.getByText('Live', { exact: true }).first().waitFor({ timeout: 90_000 });
    expect(await isThere()).toBe(true);
  });
}
