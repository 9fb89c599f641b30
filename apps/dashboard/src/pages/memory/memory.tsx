import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { counted, formatBytes, formatCount } from '../../format/numbers.ts';
import { Acts } from '../../parts/acts.tsx';
import { Figures } from '../../parts/figures.tsx';
import { Answered } from '../../parts/notes.tsx';
import { PageHead } from '../../parts/panel.tsx';
import { Grants } from './grants.tsx';
import { Lend } from './lend.tsx';
import { Regions } from './regions.tsx';
import { Usable } from './usable.tsx';
import { Words } from './words.tsx';

/** Memory that this node lends, what it granted, and memory of others that it may use. */
export function Page() {
  const memory = useAnswer('memory-list', {}, { topics: ['memory'] });
  return (
    <>
      <PageHead
        title="Memory"
        lede="A lent region has an address of its own on the whole mesh. Who holds a grant reads, writes and counts in it; when the grant ends, nothing succeeds any more."
      />
      <Answered answer={memory}>
        {(value) => (
          <>
            <Summary memory={value} />
            <div class="grid">
              <Regions regions={value.regions} />
              <Grants grants={value.grants} />
              <Acts>
                <Lend />
              </Acts>
              <Usable usable={value.usable} />
              <Words usable={value.usable} />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function Summary({ memory: { regions, grants, usable } }: { readonly memory: Result<'memory-list'> }) {
  const lent = regions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const live = grants.filter(({ isRevoked }) => !isRevoked);
  return (
    <Figures
      figures={[
        { label: 'Lent', value: formatBytes(lent), note: counted(regions.length, 'region') },
        {
          label: 'Granted',
          value: formatCount(live.length),
          note: `${formatCount(grants.length - live.length)} revoked`,
        },
        {
          label: 'Usable here',
          value: formatBytes(usable.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)),
          note: counted(usable.length, 'grant of others', 'grants of others'),
        },
      ]}
    />
  );
}
