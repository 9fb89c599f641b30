import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type DashboardWorld, marked, visitPage } from './dashboard-world.ts';

/** What a person does on the pages of birch. */
export function testsOfBirch(world: () => DashboardWorld | undefined): void {
  it('lends memory after confirming, reads and counts in a word of another member, all by the keyboard', async (ctx) => {
    await using visit = await visitPage(ctx, world(), '/memory', { of: 'birch' });
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
    await using visit = await visitPage(ctx, world(), '/wallet', { of: 'birch' });
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
    await using visit = await visitPage(ctx, world(), '/monitor', { of: 'birch' });
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
    await using visit = await visitPage(ctx, world(), '/logs?level=debug', { of: 'birch' });
    const { page } = visit;
    await page.getByRole('button', { name: 'Pause' }).click();
    await visit.world.mesh.nodes.birch.call('memory-lend', { bytes: 4096, forMs: 60_000 });
    await page.getByRole('button', { name: /^Go on \([1-9]/ }).click({ timeout: 120_000 });
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect(await visit.problems()).toEqual([]);
  });

  it('sees an entry of the log proved, and resolves a name', async (ctx) => {
    await using visit = await visitPage(ctx, world(), '/trust', { of: 'birch' });
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

  it('sees the operations of an extension come and go without a reload [ext-12]', async (ctx) => {
    await using visit = await visitPage(ctx, world(), '/extensions', { of: 'birch' });
    const { page } = visit;
    const { mesh } = visit.world;
    const [source, signed] = [join(mesh.folder, 'words'), join(mesh.folder, 'words-signed')];
    mkdirSync(source);
    const manifest = {
      manifest_version: '1.0',
      extension: { id: 'acme.words', name: 'Words', version: '1.0.0' },
      runtime: { type: 'native', entry_point: 'extension.mjs' },
      capabilities: { required: [], optional: [] },
      operations: { 'words.count': { summary: 'Counts words', input: { type: 'string' } } },
      security: { certificate_fingerprint: 'SHA256:0', sandbox_policy: 'strict' },
    };
    writeFileSync(join(source, 'manifest.json'), JSON.stringify(manifest));
    writeFileSync(
      join(source, 'extension.mjs'),
      `export const extension = { id: 'acme.words', ops: { 'words.count': { run: (text) => text.split(' ').length } } };`,
    );
    const isThere = await marked(visit);
    const { birch } = mesh.nodes;
    await birch.call('extension-sign', { folder: source, out: signed });
    await birch.call('extension-load', { folder: signed });
    await page.getByRole('link', { name: 'Words', exact: true }).click();
    await page.getByRole('cell', { name: 'Counts words' }).waitFor();
    await page.getByLabel('Input, as JSON').fill('"to be or not"');
    await page.getByRole('button', { name: 'Call' }).click();
    await page.locator('.output', { hasText: '4' }).waitFor();
    await birch.call('extension-unload', { id: 'acme.words' });
    await page.getByRole('cell', { name: 'Counts words' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('button', { name: 'Call' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Extensions' }).first().click();
    await page.getByRole('table', { name: 'Extensions' }).waitFor();
    await page.getByRole('link', { name: 'Words', exact: true }).waitFor({ state: 'detached' });
    expect(await isThere()).toBe(true);
  });

  it('finds nothing to press that a token which only reads may not, and is told why', async (ctx) => {
    await using visit = await visitPage(ctx, world(), '/wallet', { of: 'birch', access: 'read' });
    const { page } = visit;
    const refused: string[] = [];
    page.on('response', (answer) => answer.status() === 403 && refused.push(answer.url()));
    const gone: readonly (readonly [path: string, button: RegExp])[] = [
      ['/wallet', /^Send$/],
      ['/memory', /^(Lend|Write|Add|Grant|Revoke)/],
      ['/runs', /^Run it$/],
      ['/transfers', /^Hash everything again$/],
      ['/packages/echo', /^(Install|Remove)/],
      ['/extensions/hypermesh.catalog', /^(Stop|Start|Take back|Grant|Call)/],
      ['/monitor', /^(New rule|Change|Switch|Remove)/],
    ];
    for (const [path, button] of gone) {
      await page.goto(`${visit.world.originOf('birch')}${path}`);
      await page.getByText('You may look and change nothing').waitFor();
      await page.locator('main h2').first().waitFor();
      expect(await page.getByRole('button', { name: button }).count(), path).toBe(0);
    }
    expect(refused).toEqual([]);
    expect(await visit.axe()).toEqual([]);
  });
}
