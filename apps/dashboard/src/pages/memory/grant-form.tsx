import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatBytes } from '../../format/numbers.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Progress } from '../../parts/progress.tsx';
import { toast } from '../../parts/toasts.tsx';

type Region = Result<'memory-list'>['regions'][number];

/** Opens the form that grants a member the use of a region. */
export function GrantButton({ region }: { readonly region: Region }) {
  const isOpen = useSignal(false);
  const close = () => {
    isOpen.value = false;
  };
  return (
    <>
      <button
        type="button"
        class="button"
        aria-label={`Grant the region ${region.address}`}
        onClick={() => {
          isOpen.value = true;
        }}
      >
        Grant
      </button>
      {isOpen.value ? <GrantDialog region={region} onClose={close} /> : null}
    </>
  );
}

function GrantDialog({ region, onClose }: { readonly region: Region; readonly onClose: () => void }) {
  const status = useAnswer('status', {}, { topics: ['status'] });
  const granting = useAction('memory-grant');
  const to = useSignal('');
  const rights = useSignal('rwa');
  const minutes = useSignal('10');
  const error = useSignal<string | undefined>(undefined);
  const members = (status.value?.members ?? []).filter(({ self }) => !self).map(({ name }) => name);
  const chosen = to.value === '' ? members[0] : to.value;
  const grant = async (event: Event) => {
    event.preventDefault();
    const forMs = Math.round(Number(minutes.value) * 60_000);
    error.value = Number.isSafeInteger(forMs) && forMs >= 1 ? undefined : 'A number above 0';
    if (error.value !== undefined || chosen === undefined) return;
    const made = await granting.start({ address: region.address, to: chosen, rights: rights.value, forMs });
    if (made === undefined) return;
    toast('done', `${chosen} may use ${formatBytes(made.sizeBytes)}`);
    onClose();
  };
  return (
    <Dialog title={`Grant ${formatBytes(region.sizeBytes)}`} onClose={onClose}>
      <form class="form" onSubmit={grant} noValidate>
        <ChoiceField
          label="To"
          name="to"
          value={chosen ?? ''}
          choices={members.map((name) => [name, name] as const)}
          hint={members.length === 0 ? 'There is no other member yet: invite one first.' : undefined}
          onInput={(value) => {
            to.value = value;
          }}
        />
        <ChoiceField
          label="Who may"
          name="rights"
          value={rights.value}
          choices={[
            ['rwa', 'Read, write and count'],
            ['rw', 'Read and write'],
            ['r', 'Read'],
          ]}
          onInput={(value) => {
            rights.value = value;
          }}
        />
        <TextField
          label="For how long"
          name="minutes"
          type="number"
          unit="minutes"
          value={minutes.value}
          {...(error.value === undefined ? {} : { error: error.value })}
          onInput={(value) => {
            minutes.value = value;
          }}
        />
        {granting.isRunning ? <Progress progress={granting.progress} onCancel={granting.cancel} /> : null}
        {granting.fault === undefined ? null : <FaultNote fault={granting.fault} />}
        <div class="form-foot">
          <button
            type="submit"
            class="button button-main"
            disabled={granting.isRunning || chosen === undefined}
          >
            Grant it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
