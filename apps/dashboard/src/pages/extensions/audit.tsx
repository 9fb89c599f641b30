import { useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import { Answered } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';

/** The newest records of the audit log, and whether it is what was written; of one extension where `id` is given. */
export function Audit({ id }: { readonly id?: string }) {
  const audit = useAnswer(
    'extension-audit-verify',
    { limit: 20, ...(id === undefined ? {} : { id }) },
    { topics: ['extensions'], everyMs: 2_000 },
  );
  return (
    <Panel title="Audit log">
      <Answered answer={audit}>
        {({ intact, records, fault, newest }) => (
          <>
            <p>
              <Badge tone={intact ? 'good' : 'bad'}>{intact ? 'intact' : 'altered'}</Badge>{' '}
              {formatCount(records)} records, each with the hash of the one before. {fault ?? ''}
            </p>
            <ul class="reasons">
              {newest.map(({ seq, event, extension, atMs }) => (
                <li key={seq}>
                  {event} <code class="wrap">{extension}</code>{' '}
                  <span class="muted">
                    <When atMs={atMs} />
                  </span>
                </li>
              ))}
            </ul>
          </>
        )}
      </Answered>
    </Panel>
  );
}
