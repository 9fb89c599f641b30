import { isDeepStrictEqual } from 'node:util';
import type { Balances, SettleResult } from '@hypermesh/node/control';
import type { StepResult, TourContext } from '../tour.ts';

/**
 * Node 2 pays node 3 for the run by the receipt that node 3 signed. Every node then recomputes all accounts: the same
 * everywhere, together what was issued. A second settlement changes nothing.
 */
export async function settleStep({ mesh, progress, signal, seen }: TourContext): Promise<StepResult> {
  const [, payer] = mesh;
  const { lease } = seen;
  const before = await payer.call<Balances>('wallet', {}, { signal });
  const settled = await payer.call<SettleResult>('settle', { lease }, { signal, onProgress: progress.live });
  const again = await payer.call<SettleResult>('settle', { lease }, { signal });
  const { from, to, amount, fee, returned, height } = settled;
  progress.fact(
    `${from} paid ${to} ${amount} for ${settled.fuel} fuel, of which ${fee} to the pool; ${returned} of the escrow came back`,
  );

  const books: Balances[] = [];
  for (const node of mesh) {
    await node.call('final', { height }, { signal });
    books.push(await node.call<Balances>('wallet', { audit: true }, { signal }));
  }
  const [first] = books;
  const conserved = books.every(
    (one) =>
      one.conserved &&
      one.audited &&
      sumOf(one) === BigInt(one.issued) &&
      isDeepStrictEqual(one.accounts, first?.accounts),
  );
  const ofPayer = (balances: Balances) => balances.accounts.find(({ name }) => name === from);
  const [had, has] = [ofPayer(before), first && ofPayer(first)];
  const whole = (account = had) => BigInt(account?.available ?? 0) + BigInt(account?.held ?? 0);
  const isPaid =
    whole(had) - whole(has) === BigInt(amount) && BigInt(has?.held ?? 0) === heldBeside(had, settled);
  progress.fact(
    `${books.length} nodes recomputed ${first?.entries} entries: ${first?.total} of ${first?.issued} issued on ${first?.accounts.length} accounts, ${conserved ? 'nothing lost or made' : 'NOT CONSERVED'}`,
  );
  return {
    ok: conserved && isPaid && again.repeated && again.amount === amount,
    from,
    to,
    amount,
    fee,
    returned,
    conserved,
    total: first?.total,
    height,
  };
}

const sumOf = ({ accounts }: Balances): bigint =>
  accounts.reduce((sum, { available, held }) => sum + BigInt(available) + BigInt(held), 0n);

/** What the payer had put aside for other leases. */
function heldBeside(had: { readonly held: string } | undefined, { amount, returned }: SettleResult): bigint {
  return BigInt(had?.held ?? 0) - BigInt(amount) - BigInt(returned);
}
