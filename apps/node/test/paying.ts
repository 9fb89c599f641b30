import { expect } from 'vitest';
import { hypermesh, type RunningNode } from './processes.ts';

/** The four members, in the order in which they join. */
export const names = ['amber', 'birch', 'cedar', 'delta'] as const;
export type Name = (typeof names)[number];

/** birch has cedar run `echo`, which is installed there, and pays; all four recompute the accounts. */
export async function payForRun(
  nodes: Readonly<Record<Name, RunningNode>>,
  folderOf: (name: Name) => string,
): Promise<void> {
  const wallet = (name: Name, ...args: string[]) =>
    hypermesh('wallet', ...args, '--data', folderOf(name), '--json');
  const ran = await hypermesh('run', 'echo', '--on', 'cedar', '--data', folderOf('birch'), '--json');
  const { lease, charge } = ran.json() as { lease: string; charge: string };
  expect((await wallet('birch', 'balance')).json()).toMatchObject({
    holds: expect.arrayContaining([]),
    conserved: true,
  });
  expect((await wallet('delta', 'settle', lease)).json()).toMatchObject({
    error: { code: 'node/not-found' },
  });
  // The node that executed keeps the receipt as well, and is paid even where the other one never settles.
  const settled = (await wallet('cedar', 'settle', lease)).json();
  expect(settled).toMatchObject({ ok: true, from: 'birch', to: 'cedar', amount: charge, repeated: false });
  await nodes.birch.call('final', { height: settled['height'] });
  expect((await wallet('birch', 'settle', lease)).json()).toMatchObject({ amount: charge, repeated: true });

  const sent = (await wallet('birch', 'transfer', 'delta', '1234', '--note', 'thanks')).json();
  expect(sent).toMatchObject({ ok: true, height: expect.any(Number) });
  const excess = await wallet('birch', 'transfer', 'delta', '9'.repeat(18));
  expect(excess.json()).toMatchObject({ error: { leg: 'ledger', reason: 'insufficient-funds' } });
  expect((await wallet('birch', 'transfer', 'nobody', '1')).json()).toMatchObject({
    error: { code: 'node/not-found' },
  });
  expect((await wallet('birch', 'transfer', 'delta', '-1')).json()).toMatchObject({
    error: { code: 'node/bad-flag' },
  });
  expect((await wallet('birch', 'dance')).json()).toMatchObject({
    error: { code: 'node/unknown-command' },
  });
  const [movement] = (await wallet('birch', 'history')).json()['history'] as object[];
  expect(movement).toMatchObject({ from: 'birch', to: 'delta', amount: '1234', note: 'thanks' });

  const books = [];
  for (const name of names) {
    await nodes[name].call('final', { height: sent['height'] });
    const { conserved, total, issued, accounts } = (await wallet(name, 'balance', '--audit')).json();
    expect({ conserved, total }).toEqual({ conserved: true, total: issued });
    books.push(accounts);
  }
  for (const accounts of books.slice(1)) expect(accounts).toEqual(books[0]);
  const report = await nodes.delta.call<{ settlements: number; cid: string }>('usage');
  expect(report.settlements).toBe(1);
  expect(report.cid).toMatch(/^bafyrei/);
  const text = await hypermesh('wallet', 'balance', '--audit', '--data', folderOf('delta'));
  expect(text.stdout).toContain('Conserved, recomputed from every entry');
}
