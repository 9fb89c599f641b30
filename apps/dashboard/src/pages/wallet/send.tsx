import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useAction } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { confirm } from '../../parts/confirm.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Progress } from '../../parts/progress.tsx';
import { toast } from '../../parts/toasts.tsx';

type Wallet = Result<'wallet'>;

/** Sends value to another account, after asking. */
export function Send({
  own,
  accounts,
}: {
  readonly own: Wallet['own'];
  readonly accounts: Wallet['accounts'];
}) {
  const sending = useAction('transfer', { goesOn: true });
  const to = useSignal('');
  const amount = useSignal('');
  const note = useSignal('');
  const error = useSignal<string | undefined>(undefined);
  const names = accounts.filter(({ account }) => account !== own.account).map(({ name }) => name);
  const chosen = to.value === '' ? names[0] : to.value;
  const send = async (event: Event) => {
    event.preventDefault();
    const digits = amount.value.replaceAll(/[\s,]/g, '');
    const isWhole = /^[1-9]\d{0,18}$/.test(digits);
    error.value = !isWhole
      ? 'A whole number above 0'
      : BigInt(digits) > BigInt(own.available)
        ? `At most ${formatCount(own.available)}: that is what is available`
        : undefined;
    if (error.value !== undefined || chosen === undefined) return;
    const isSure = await confirm(`Send ${formatCount(digits)} to ${chosen}?`, {
      act: 'Send',
      body: (
        <p>
          {formatCount(own.available)} are available. What is final on the ledger does not come back unless{' '}
          {chosen} sends it.
        </p>
      ),
    });
    if (!isSure) return;
    const done = await sending.start({
      to: chosen,
      amount: digits,
      ...(note.value === '' ? {} : { note: note.value }),
    });
    if (done === undefined) return;
    toast('done', `${formatCount(digits)} went to ${chosen} in block ${formatCount(done.height)}`);
    amount.value = '';
  };
  return (
    <Panel title="Send">
      <form class="form" onSubmit={send} noValidate>
        <ChoiceField
          label="To"
          name="to"
          value={chosen ?? ''}
          choices={names.map((name) => [name, name] as const)}
          onInput={(value) => {
            to.value = value;
          }}
        />
        <TextField
          label="Amount"
          name="amount"
          type="number"
          unit="units"
          value={amount.value}
          {...(error.value === undefined ? {} : { error: error.value })}
          onInput={(value) => {
            amount.value = value;
          }}
        />
        <TextField
          label="Note"
          name="note"
          value={note.value}
          hint="Everybody on the mesh can read it."
          onInput={(value) => {
            note.value = value;
          }}
        />
        {sending.isRunning ? <Progress progress={sending.progress} /> : null}
        {sending.fault === undefined ? null : <FaultNote fault={sending.fault} />}
        <div class="form-foot">
          <button
            type="submit"
            class="button button-main"
            disabled={sending.isRunning || chosen === undefined}
          >
            Send
          </button>
        </div>
      </form>
    </Panel>
  );
}
