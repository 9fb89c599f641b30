import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { Badge } from '../../parts/badge.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';

type Alert = Result<'alerts'>['alerts'][number];

/** What needs a person, worst first, and what was put right lately. */
export function Alerts() {
  const alerts = useAnswer('alerts', {}, { topics: ['alerts'], everyMs: 1_000 });
  return (
    <Panel title="Alerts" isWide>
      <div aria-live="polite">
        <Answered answer={alerts}>
          {({ alerts: present, resolved }) => (
            <>
              {present.length === 0 ? (
                <Empty title="Nothing needs you">
                  <p>Every rule below is looked at every ten seconds.</p>
                </Empty>
              ) : (
                <ul class="reasons">
                  {present.map((alert) => (
                    <AlertLine key={alert.rule} alert={alert} />
                  ))}
                </ul>
              )}
              {resolved.length === 0 ? null : (
                <>
                  <h3>Put right lately</h3>
                  <ul class="reasons">
                    {resolved.map((alert) => (
                      <AlertLine key={`${alert.rule} ${alert.resolvedMs}`} alert={alert} />
                    ))}
                  </ul>
                </>
              )}
            </>
          )}
        </Answered>
      </div>
    </Panel>
  );
}

function AlertLine({ alert }: { readonly alert: Alert }) {
  const tone = alert.state === 'firing' ? (alert.severity === 'critical' ? 'bad' : 'warn') : 'plain';
  return (
    <li>
      <Badge tone={tone}>{alert.state === 'firing' ? alert.severity : alert.state}</Badge> {alert.summary}{' '}
      <span class="muted">
        <When atMs={alert.resolvedMs ?? alert.sinceMs} />
      </span>
      {alert.state === 'resolved' || alert.next === '' ? null : <p>Next: {alert.next}</p>}
    </li>
  );
}
