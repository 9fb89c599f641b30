import type { Result } from '@hypermesh/client';
import { Badge } from '../../parts/badge.tsx';
import { NodeWords } from '../../parts/node-words.tsx';
import { Note } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';

type Status = Result<'status'>;

/** What the node holds back or refuses now, because something that it stands on is missing. */
export function Holds({ status: { holds } }: { readonly status: Status }) {
  return (
    <>
      {holds.map(({ capability, state, why, since, next }) => (
        <Note key={capability} tone="warn">
          <p>
            <strong>
              {capability} {state === 'held' ? 'is held' : 'is refused'}
            </strong>{' '}
            since <When atMs={Date.parse(since)} />: {why}. Next: {next}
          </p>
        </Note>
      ))}
    </>
  );
}

/** How far the node has come, each phase with what shows it. A phase comes with evidence, never with time, and never falls back by itself. */
export function Phases({ status: { phases } }: { readonly status: Status }) {
  return (
    <Panel title="Phases">
      <ol class="phases">
        {phases.map(({ phase, name, isReached, evidence, missing, next }) => (
          <li key={phase}>
            <p>
              {name} <Badge tone={isReached ? 'good' : 'plain'}>{isReached ? 'reached' : 'not yet'}</Badge>
            </p>
            {isReached ? (
              evidence.map((shown) => (
                <p key={shown} class="muted">
                  <NodeWords text={shown} />
                </p>
              ))
            ) : (
              <p class="muted">
                <NodeWords
                  text={`${missing === undefined ? '' : `Missing: ${missing}. `}${next === undefined ? '' : `Next: ${next}`}`}
                />
              </p>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
