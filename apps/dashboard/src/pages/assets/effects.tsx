import { Badge } from '../../parts/badge.tsx';
import type { Effect } from './policy-effect.ts';

/** What a change would do: what was, what will be, and what follows for leases that live. */
export function Effects({ effects }: { readonly effects: readonly Effect[] }) {
  return (
    <dl class="effects">
      {effects.map(({ what, before, after, isWider, note }) => (
        <div key={what}>
          <dt>{what}</dt>
          <dd>
            <del>{before}</del> <ins>{after}</ins> {isWider ? <Badge tone="warn">opens further</Badge> : null}
            {note === undefined ? null : <p class="muted">{note}</p>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
