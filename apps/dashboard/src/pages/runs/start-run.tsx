import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatCompact, formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Badge } from '../../parts/badge.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { Facts } from '../../parts/figures.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Progress } from '../../parts/progress.tsx';
import { toast } from '../../parts/toasts.tsx';
import { Runners } from '../packages/runners.tsx';
import { firstFields, type RunFields, runRequest } from './run-request.ts';
import { runLink } from './run-state.tsx';

/** Starts a run: what it may cost at most is said before, how far it is meanwhile, and what came of it after. */
export function StartRun({ spec }: { readonly spec: string }) {
  const fields = useSignal<RunFields>({ ...firstFields, spec });
  const isTried = useSignal(false);
  const running = useAction('run', { goesOn: true });
  const status = useAnswer('status', {}, { topics: ['status'] });
  const known = useAnswer('search', { limit: 1000 }, { topics: ['packages'], everyMs: 1_000 });
  const others = (status.value?.members ?? []).filter(({ self }) => !self);
  const asked = runRequest(fields.value);
  const errors = isTried.value && !asked.ok ? asked.errors : {};

  const start = async (event: Event) => {
    event.preventDefault();
    isTried.value = true;
    if (!asked.ok) {
      const form = event.currentTarget instanceof HTMLElement ? event.currentTarget : undefined;
      requestAnimationFrame(() => form?.querySelector<HTMLElement>('[aria-invalid]')?.focus());
      return;
    }
    const isSure = await confirm(`Run ${asked.request.spec}?`, {
      act: 'Run it',
      body: (
        <p>
          At most {formatCount(asked.most)} base units are put aside for it until it is settled; it is charged
          for the fuel that it takes, and the rest comes back.
        </p>
      ),
    });
    if (!isSure) return;
    const result = await running.start(asked.request);
    if (result !== undefined) toast('done', `${result.package} ran on ${result.node}: ${result.exit}`);
  };

  const bind = (name: keyof RunFields) => ({
    name,
    value: fields.value[name],
    isDisabled: running.isRunning,
    onInput(value: string) {
      fields.value = { ...fields.value, [name]: value };
    },
    ...(errors[name] === undefined ? {} : { error: errors[name] }),
  });
  const members = others.map(({ name }) => [name, name] as const);
  const specs = (known.value?.packages ?? []).map(({ name, version }) => `${name}@${version}`);

  return (
    <div class="grid">
      <Panel title="Start a run">
        <form class="form" onSubmit={start} noValidate>
          <TextField label="Package" hint="NAME or NAME@RANGE" list={specs} {...bind('spec')} />
          <ChoiceField
            label="Executed by"
            choices={[['', 'Whoever is free for it'], ...members]}
            {...bind('on')}
          />
          <ChoiceField
            label="Executed again by"
            choices={[['', 'Another member'], ...members]}
            {...bind('audit')}
          />
          <TextField label="Fuel at most" type="number" {...bind('fuel')} />
          <details class="is-wide form-more">
            <summary>Limits, price and input</summary>
            <div class="form">
              <TextField label="Memory at most" type="number" unit="MB" {...bind('memoryMb')} />
              <TextField label="Deadline" type="number" unit="seconds" {...bind('seconds')} />
              <TextField
                label="Price offered"
                type="number"
                unit="base units"
                hint="For 1,000,000 fuel"
                {...bind('price')}
              />
              <TextField
                label="Input"
                hint="Path of a file on the machine of this node; without it, the package's own"
                {...bind('inputFile')}
              />
            </div>
          </details>
          <div class="form-foot">
            {running.isRunning ? (
              <Progress progress={running.progress} onCancel={running.cancel} />
            ) : (
              <>
                <button type="submit" class="button button-main">
                  Run it
                </button>
                {asked.ok ? (
                  <span class="muted">costs at most {formatCount(asked.most)} base units</span>
                ) : null}
              </>
            )}
          </div>
        </form>
        {running.fault === undefined ? null : <FaultNote fault={running.fault} />}
        <div aria-live="polite">
          {running.result === undefined ? null : <Outcome result={running.result} />}
        </div>
      </Panel>
      {fields.value.spec.trim() === '' ? null : <Runners spec={fields.value.spec.trim()} />}
    </div>
  );
}

function Outcome({ result }: { readonly result: Result<'run'> }) {
  const { exit, detail, node, outputText, fuel, charge, reexecutedBy, matches, lease, executionMs } = result;
  return (
    <div class="outcome">
      <Facts
        facts={[
          [
            'Ended',
            <Badge key="exit" tone={exit === 'ok' ? 'good' : 'warn'}>
              {exit}
            </Badge>,
          ],
          detail === '' ? undefined : ['Detail', detail],
          ['Executed by', `${node}, in ${formatDuration(executionMs)}`],
          [
            'Executed again by',
            reexecutedBy === null
              ? (result.reexecution ?? 'nobody')
              : `${reexecutedBy}: ${matches ? 'the same digest' : 'another digest'}`,
          ],
          ['Fuel and cost', `${formatCompact(fuel)}, ${formatCount(charge)} base units`],
          [
            'Record',
            <a key="record" href={runLink({ lease, role: 'asked' })}>
              logs, receipt and proofs
            </a>,
          ],
        ]}
      />
      {outputText === undefined ? null : <pre class="output">{outputText.slice(0, 4_000)}</pre>}
    </div>
  );
}
