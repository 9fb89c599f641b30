import { useSignal } from '@preact/signals';
import { useAction } from '../../data/node.ts';
import { formatBytes } from '../../format/numbers.ts';
import { confirm } from '../../parts/confirm.tsx';
import { TextField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Progress } from '../../parts/progress.tsx';
import { toast } from '../../parts/toasts.tsx';

/** Lends a region of this node's memory. */
export function Lend() {
  const lending = useAction('memory-lend', { goesOn: true });
  const size = useSignal('1');
  const minutes = useSignal('60');
  const error = useSignal<string | undefined>(undefined);
  const lend = async (event: Event) => {
    event.preventDefault();
    const [bytes, forMs] = [Math.round(Number(size.value) * 1e6), Math.round(Number(minutes.value) * 60_000)];
    error.value = [bytes, forMs].every((value) => Number.isSafeInteger(value) && value >= 1)
      ? undefined
      : 'Numbers above 0';
    if (error.value !== undefined) return;
    const isSure = await confirm(`Lend ${formatBytes(bytes)} for ${minutes.value} minutes?`, {
      act: `Lend ${formatBytes(bytes)}`,
      body: <p>The node puts this memory aside at once. Nobody reaches it before you grant it.</p>,
    });
    if (!isSure) return;
    const region = await lending.start({ bytes, forMs });
    if (region !== undefined) toast('done', `${formatBytes(region.sizeBytes)} are lent at ${region.address}`);
  };
  return (
    <Panel title="Lend a region">
      <form class="form" onSubmit={lend} noValidate>
        <TextField
          label="Size"
          name="size"
          type="number"
          unit="MB"
          value={size.value}
          {...(error.value === undefined ? {} : { error: error.value })}
          onInput={(value) => {
            size.value = value;
          }}
        />
        <TextField
          label="For how long"
          name="minutes"
          type="number"
          unit="minutes"
          value={minutes.value}
          onInput={(value) => {
            minutes.value = value;
          }}
        />
        {lending.isRunning ? <Progress progress={lending.progress} onCancel={lending.cancel} /> : null}
        {lending.fault === undefined ? null : <FaultNote fault={lending.fault} />}
        <div class="form-foot">
          <button type="submit" class="button button-main" disabled={lending.isRunning}>
            Lend
          </button>
        </div>
      </form>
    </Panel>
  );
}
