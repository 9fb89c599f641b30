import { useSignal } from '@preact/signals';
import { useAction, useAnswer } from '../../data/node.ts';
import { Badge } from '../../parts/badge.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';

const quantities = {
  cpu: { name: 'cpuMicrosPerSecond', label: 'Processor', unit: 'cores', scale: 1_000_000, first: '1' },
  memory: { name: 'memoryBytes', label: 'Memory', unit: 'MB', scale: 1_000_000, first: '64' },
  storage: { name: 'storageBytes', label: 'Storage', unit: 'MB', scale: 1_000_000, first: '100' },
} as const;

/** Asks the node whether a claim would be granted, and which rules stand against it; nothing is claimed. */
export function Claim({ kind }: { readonly kind: keyof typeof quantities }) {
  const { name, label, unit, scale, first } = quantities[kind];
  const status = useAnswer('status', {}, { topics: ['status'] });
  const explaining = useAction('explain-claim');
  const requester = useSignal('');
  const amount = useSignal<string>(first);
  const seconds = useSignal('60');
  const error = useSignal<string | undefined>(undefined);
  const members = status.value?.members ?? [];
  const explain = (event: Event) => {
    event.preventDefault();
    const [quantity, durationMs] = [Number(amount.value) * scale, Number(seconds.value) * 1000];
    const isFine = [quantity, durationMs].every(
      (value) => Number.isSafeInteger(Math.round(value)) && value >= 1,
    );
    error.value = isFine ? undefined : 'Numbers above 0';
    if (!isFine) return;
    void explaining.start({
      ...(requester.value === '' ? {} : { requester: requester.value }),
      [name]: Math.round(quantity),
      durationMs: Math.round(durationMs),
    });
  };
  const { result, fault } = explaining;
  return (
    <Panel title="Would a lease be granted?">
      <form class="form" onSubmit={explain} noValidate>
        <ChoiceField
          label="For"
          name="requester"
          value={requester.value}
          choices={[
            ['', 'This node'],
            ...members.filter(({ self }) => !self).map((member) => [member.name, member.name] as const),
          ]}
          onInput={(value) => {
            requester.value = value;
          }}
        />
        <TextField
          label={label}
          name="amount"
          type="number"
          unit={unit}
          value={amount.value}
          {...(error.value === undefined ? {} : { error: error.value })}
          onInput={(value) => {
            amount.value = value;
          }}
        />
        <TextField
          label="For how long"
          name="seconds"
          type="number"
          unit="seconds"
          value={seconds.value}
          onInput={(value) => {
            seconds.value = value;
          }}
        />
        <div class="form-foot">
          <button type="submit" class="button" disabled={explaining.isRunning}>
            Explain
          </button>
        </div>
      </form>
      <div aria-live="polite">
        {fault === undefined ? null : <FaultNote fault={fault} />}
        {result === undefined ? null : result.granted ? (
          <p>
            <Badge tone="good">granted</Badge> Every rule of the policy lets it through now.
          </p>
        ) : (
          <ul class="reasons">
            {result.reasons.map(({ asset, kind: of, rule, remedy }) => (
              <li key={`${asset} ${rule}`}>
                <Badge tone="warn">denied</Badge> {of}: {rule}. Next: {remedy}.
              </li>
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}
