import type { Result } from '@hypermesh/client';
import { useEffect } from 'preact/hooks';
import { useAction } from '../../data/node.ts';
import { Badge } from '../../parts/badge.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Progress } from '../../parts/progress.tsx';

type Runner = Result<'explain'>['nodes'][number];

/** Who can run a package and who cannot, requirement by requirement. Every member is asked, so a person starts it. */
export function Runners({ spec }: { readonly spec: string }) {
  const explaining = useAction('explain');
  const { result, fault } = explaining;
  useEffect(() => explaining.reset(), [spec]);
  return (
    <Panel title="Who would run it">
      {explaining.isRunning ? (
        <Progress progress={explaining.progress} onCancel={explaining.cancel} />
      ) : (
        <>
          {result === undefined ? (
            <p>
              Each member is asked whether it would run this package, and which of its rules stand against it.
            </p>
          ) : null}
          <button type="button" class="button" onClick={() => explaining.start({ spec })}>
            {result === undefined ? 'Ask the members' : 'Ask again'}
          </button>
        </>
      )}
      {fault === undefined ? null : <FaultNote fault={fault} />}
      <div aria-live="polite">
        {result === undefined ? null : (
          <ul class="reasons">
            {result.nodes.map((node) => (
              <RunnerItem key={node.node} runner={node} />
            ))}
            {result.silent.map(({ name, reason }) => (
              <li key={name}>
                <Badge tone="warn">silent</Badge> {name}: {reason}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Panel>
  );
}

function RunnerItem({ runner: { name, canRun, findings } }: { readonly runner: Runner }) {
  const against = findings.filter(({ ok }) => !ok);
  return (
    <li>
      <details>
        <summary>
          <Badge tone={canRun ? 'good' : 'warn'}>{canRun ? 'would run it' : 'would not'}</Badge> {name}
          {against.length === 0 ? '' : `: ${against.map(({ requirement }) => requirement).join(', ')}`}
        </summary>
        <ul class="findings">
          {findings.map(({ requirement, ok, asked, offered, remedy }) => (
            <li key={requirement}>
              {ok ? 'meets' : 'fails'} {requirement}: asked {asked}, offered {offered}
              {remedy === undefined ? '' : `. Next: ${remedy}`}
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
