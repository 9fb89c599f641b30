import type { Result } from '@hypermesh/client';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { Acts } from '../../parts/acts.tsx';
import { Amount } from '../../parts/amount.tsx';
import { Badge } from '../../parts/badge.tsx';
import { countColumn, wordColumn } from '../../parts/columns.tsx';
import { Figures } from '../../parts/figures.tsx';
import { Answered, FaultNote, Note } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { History } from './history.tsx';
import { Holds } from './holds.tsx';
import { Send } from './send.tsx';
import { Usage } from './usage.tsx';

type Wallet = Result<'wallet'>;
type Account = Wallet['accounts'][number];

/** Value: what this node has, what is put aside for runs, what moved, and sending some. */
export function Page() {
  const wallet = useAnswer('wallet', { limit: 200 }, { topics: ['wallet'], everyMs: 1_000 });
  return (
    <>
      <PageHead
        title="Wallet"
        lede="Every movement is two entries on the ledger, and all entries add up to what the genesis issued. A run is paid from its escrow by what it used."
      />
      <Answered answer={wallet}>
        {(value) => (
          <>
            <Summary wallet={value} />
            {value.fault === undefined ? null : (
              <Note tone="warn">
                <p>The books do not add up: {value.fault}. Keep the data directory and ask its members.</p>
              </Note>
            )}
            <div class="grid">
              <History history={value.history} />
              <Acts>
                <Send own={value.own} accounts={value.accounts} />
              </Acts>
              <Accounts accounts={value.accounts} />
              <Holds holds={value.holds} />
              <Audit />
              <Usage />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function Summary({ wallet: { own, total, issued, conserved, entries } }: { readonly wallet: Wallet }) {
  return (
    <Figures
      figures={[
        { label: 'Available', value: <Amount value={own.available} />, note: `base units of ${own.name}` },
        { label: 'Put aside', value: <Amount value={own.held} />, note: 'for runs not settled yet' },
        {
          label: 'In all accounts',
          value: <Amount value={total} />,
          note: `${conserved ? 'as much as was issued' : `issued were ${formatCount(issued)}`}, in ${formatCount(entries)} entries`,
        },
      ]}
    />
  );
}

function Accounts({ accounts }: { readonly accounts: readonly Account[] }) {
  return (
    <Panel title="Accounts">
      <Table
        caption="Accounts of all members"
        columns={accountColumns}
        rows={accounts}
        keyOf={({ account }) => account}
        textOf={({ name, account }) => `${name} ${account}`}
        empty={<p class="muted">There is no account.</p>}
      />
    </Panel>
  );
}

const accountColumns: readonly Column<Account>[] = [
  wordColumn('Account', ({ name }) => name),
  countColumn('Available', ({ available }) => BigInt(available)),
  countColumn('Put aside', ({ held }) => BigInt(held)),
];

/** Adds up every entry again. */
function Audit() {
  const auditing = useAction('wallet');
  const { result } = auditing;
  return (
    <Panel title="Do the books add up?">
      <p>The node keeps the sums as entries come. Here it adds every entry up again, from the first.</p>
      <button
        type="button"
        class="button"
        disabled={auditing.isRunning}
        onClick={() => auditing.start({ audit: true, limit: 1 })}
      >
        {auditing.isRunning ? 'Adding up …' : 'Add up every entry'}
      </button>
      <div aria-live="polite">
        {auditing.fault === undefined ? null : <FaultNote fault={auditing.fault} />}
        {result === undefined ? null : (
          <p>
            <Badge tone={result.conserved && result.fault === undefined ? 'good' : 'bad'}>
              {result.conserved && result.fault === undefined ? 'they do' : 'they do not'}
            </Badge>{' '}
            {formatCount(result.entries)} entries, {formatCount(result.total)} in all accounts,{' '}
            {formatCount(result.issued)} issued.
          </p>
        )}
      </div>
    </Panel>
  );
}
