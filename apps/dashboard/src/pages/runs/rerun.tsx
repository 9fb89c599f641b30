import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatDuration } from '../../format/times.ts';
import { Acts } from '../../parts/acts.tsx';
import { Badge } from '../../parts/badge.tsx';
import { ChoiceField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Progress } from '../../parts/progress.tsx';

/** Whether another node came to the same result, and having one more try. */
export function Rerun({ run }: { readonly run: Result<'run-record'> }) {
  const { lease, reexecution, canRerun, rerunNote, with: executor } = run;
  const on = useSignal('');
  const rerunning = useAction('rerun', { goesOn: true });
  const status = useAnswer('status', {}, { topics: ['status'] });
  const others = (status.value?.members ?? []).filter(({ self, name }) => !self && name !== executor);
  const { result, fault } = rerunning;
  return (
    <Panel title="Executed again">
      {reexecution === null ? (
        <p>Nobody else has executed it yet.</p>
      ) : (
        <p>
          {reexecution.matches === null ? null : (
            <Badge tone={reexecution.matches ? 'good' : 'bad'}>
              {reexecution.matches ? 'agrees' : 'differs'}
            </Badge>
          )}{' '}
          {[reexecution.by, reexecution.detail].filter((word) => word !== null && word !== '').join(': ')}
        </p>
      )}
      {!canRerun ? (
        <p class="muted">{rerunNote ?? 'It cannot be executed again from here.'}</p>
      ) : rerunning.isRunning ? (
        <Progress progress={rerunning.progress} onCancel={rerunning.cancel} />
      ) : (
        <Acts>
          <div class="form">
            <ChoiceField
              label="By"
              name="on"
              value={on.value}
              choices={[['', 'Another member'], ...others.map(({ name }) => [name, name] as const)]}
              onInput={(value) => {
                on.value = value;
              }}
            />
            <div class="form-foot">
              <button
                type="button"
                class="button"
                onClick={() => rerunning.start({ lease, ...(on.value === '' ? {} : { on: on.value }) })}
              >
                Execute again and compare
              </button>
            </div>
          </div>
        </Acts>
      )}
      {fault === undefined ? null : <FaultNote fault={fault} />}
      <div aria-live="polite">
        {result === undefined ? null : (
          <p>
            <Badge tone={result.matches ? 'good' : 'bad'}>{result.matches ? 'the same' : 'different'}</Badge>{' '}
            {result.by} in {formatDuration(result.tookMs)}: {result.detail}
          </p>
        )}
      </div>
    </Panel>
  );
}
