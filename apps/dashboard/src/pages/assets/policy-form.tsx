import { useSignal } from '@preact/signals';
import { useAction } from '../../data/node.ts';
import { confirm } from '../../parts/confirm.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Progress } from '../../parts/progress.tsx';
import { toast } from '../../parts/toasts.tsx';
import { Effects } from './effects.tsx';
import { type Asset, allocations, levels, type Policy } from './levels.ts';
import { effectsOf } from './policy-effect.ts';
import { changesIn, fieldsOf, type PolicyFields, policyOf } from './policy-fields.ts';
import { unitOf } from './quantities.ts';

/** Changes a policy: what it would do is said while one types, and nothing happens before it is confirmed. */
export function PolicyForm({
  asset,
  policy,
  onClose,
}: {
  readonly asset: Asset;
  readonly policy: Policy;
  readonly onClose: () => void;
}) {
  const fields = useSignal<PolicyFields>(fieldsOf(policy));
  const isTried = useSignal(false);
  const setting = useAction('set-policy');
  const { changes, errors } = changesIn(policy, fields.value);
  const faults = Object.keys(errors).length;
  const next = faults === 0 ? policyOf(policy, fields.value) : undefined;
  const effects = next === undefined ? [] : effectsOf(asset, policy, next);

  const save = async (event: Event) => {
    event.preventDefault();
    isTried.value = true;
    if (next === undefined || Object.keys(changes).length === 0) {
      const form = event.currentTarget instanceof HTMLElement ? event.currentTarget : undefined;
      // After the errors are drawn: the first of them takes the focus.
      requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid]')?.focus());
      return;
    }
    const isSure = await confirm(`Change the policy of this ${asset.kind}?`, {
      act: 'Change the policy',
      body: (
        <>
          <Effects effects={effects} />
          <p>It is ordered on the ledger with its four proofs, and counts from its block on.</p>
        </>
      ),
    });
    if (!isSure) return;
    const result = await setting.start({ asset: asset.id, ...changes });
    if (result === undefined) return;
    toast('done', `The policy holds since block ${result.height}`);
    onClose();
  };

  const bind = (name: keyof PolicyFields) => ({
    name,
    value: fields.value[name],
    isDisabled: setting.isRunning,
    onInput(value: string) {
      fields.value = { ...fields.value, [name]: value };
    },
    ...(errors[name] === undefined ? {} : { error: errors[name] }),
  });
  const { name: unit } = unitOf(asset.kind);

  return (
    <form class="form" onSubmit={save} noValidate>
      <ChoiceField label="Open to" choices={levels} {...bind('level')} />
      <ChoiceField label="Terms" choices={allocations} {...bind('allocation')} />
      <TextField label="Groups" hint="Names, separated by commas" {...bind('groups')} />
      <TextField label="Networks" hint="Names, separated by commas" {...bind('networks')} />
      <TextField
        label="Share that is lent"
        type="number"
        unit="%"
        hint="Of the whole capacity, for all leases together"
        {...bind('sharePercent')}
      />
      <TextField label="Longest lease" type="number" unit="hours" {...bind('maxHours')} />
      <TextField label="Leases at once" type="number" {...bind('maxLeases')} />
      <TextField label="Leases of one member" type="number" {...bind('maxLeasesEach')} />
      <TextField label="Hours (UTC)" hint="always, or windows such as mo-fr 18:00-08:00" {...bind('hours')} />
      <TextField
        label="Price"
        type="number"
        unit="base units"
        hint="For the units beside, for one second"
        {...bind('price')}
      />
      <TextField
        label="Units that the price is for"
        type="number"
        hint={`Base units of capacity; one ${unit} has ${unitOf(asset.kind).units.toLocaleString('en-GB')}`}
        {...bind('priceUnits')}
      />
      <details class="is-wide form-more" open={hasProofError(errors)}>
        <summary>What the four proofs must show at least</summary>
        <div class="form">
          <TextField label="Space" type="number" unit="bytes" {...bind('minSpaceBytes')} />
          <TextField label="Stake" type="number" unit="power" {...bind('minStakePower')} />
          <TextField label="Work" type="number" unit="bits" {...bind('minWorkBits')} />
          <TextField label="Time" type="number" unit="squarings" {...bind('minTimeIterations')} />
        </div>
        <p class="hint">More than the ledger's floor may be asked; less, or a proof left out, may not.</p>
      </details>
      <section class="is-wide" aria-label="What would change" aria-live="polite">
        {faults > 0 ? (
          <p class="field-error">
            {faults === 1 ? 'One field cannot be read' : `${faults} fields cannot be read`}: each says what it
            takes.
          </p>
        ) : Object.keys(changes).length === 0 ? (
          <p class={isTried.value ? 'field-error' : 'muted'}>Nothing is changed yet.</p>
        ) : (
          <Effects effects={effects} />
        )}
      </section>
      {setting.fault === undefined ? null : (
        <div class="is-wide">
          <FaultNote fault={setting.fault} />
        </div>
      )}
      <div class="form-foot">
        {setting.isRunning ? (
          <Progress progress={setting.progress} onCancel={setting.cancel} />
        ) : (
          <>
            <button type="submit" class="button button-main">
              Look at it and change
            </button>
            <button type="button" class="button" onClick={onClose}>
              Leave it
            </button>
          </>
        )}
      </div>
    </form>
  );
}

function hasProofError(errors: Readonly<Partial<Record<string, string>>>): boolean {
  return Object.keys(errors).some((name) => name.startsWith('min'));
}
