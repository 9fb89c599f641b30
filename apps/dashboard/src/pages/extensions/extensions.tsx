import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Badge } from '../../parts/badge.tsx';
import { countColumn } from '../../parts/columns.tsx';
import { Figures } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { Audit } from './audit.tsx';
import { stateTones } from './states.ts';

type Extensions = Result<'extensions'>;
type Extension = Extensions['extensions'][number];

/** The extensions of this node, whom it lets in, and the audit log. */
export function Page() {
  const extensions = useAnswer('extensions', {}, { topics: ['extensions'], everyMs: 1_000 });
  return (
    <>
      <PageHead
        title="Extensions"
        lede="Signed programs inside this node. Each gets the capabilities that you grant and no other, and is held to its quotas."
      />
      <Answered answer={extensions}>
        {(value) => (
          <>
            <Summary extensions={value.extensions} />
            <div class="grid">
              <Panel title="On this node" isWide>
                <Table
                  caption="Extensions"
                  columns={columns}
                  rows={value.extensions}
                  keyOf={({ id }) => id}
                  textOf={({ id, name }) => `${id} ${name}`}
                  empty={
                    <Empty title="There is no extension">
                      <p>
                        Load a signed folder with <code>hypermesh extension load FOLDER</code>.
                      </p>
                    </Empty>
                  }
                />
              </Panel>
              <Pins pins={value.pins} />
              <Audit />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function Summary({ extensions }: { readonly extensions: readonly Extension[] }) {
  const sum = (of: (extension: Extension) => number) =>
    formatCount(extensions.reduce((total, each) => total + of(each), 0));
  return (
    <Figures
      figures={[
        {
          label: 'Active',
          value: formatCount(extensions.filter(({ state }) => state === 'active').length),
          note: `of ${formatCount(extensions.length)}`,
        },
        {
          label: 'Calls',
          value: sum(({ calls }) => calls.done),
          note: `${sum(({ calls }) => calls.failed)} failed`,
        },
        { label: 'Running now', value: sum(({ calls }) => calls.running) },
        { label: 'Denied', value: sum(({ denials }) => denials.count), note: 'what they may not do' },
      ]}
    />
  );
}

const columns: readonly Column<Extension>[] = [
  {
    id: 'name',
    title: 'Extension',
    cell: ({ id, name }) => <a href={`/extensions/${encodeURIComponent(id)}`}>{name}</a>,
    sortBy: ({ name }) => name,
  },
  { id: 'version', title: 'Version', cell: ({ version }) => version, from: 'medium' },
  {
    id: 'state',
    title: 'State',
    cell: ({ state, reason, isResting }) => (
      <>
        <Badge tone={stateTones[state]}>{isResting ? 'resting' : state}</Badge> {reason ?? ''}
      </>
    ),
    sortBy: ({ state }) => state,
  },
  { id: 'tier', title: 'Held by', cell: ({ tier, engine }) => `${tier}, ${engine}`, from: 'medium' },
  countColumn('Operations', ({ operations }) => operations.length),
  countColumn('Calls', ({ calls }) => calls.done, 'medium'),
  {
    id: 'load',
    title: 'Loaded in',
    cell: ({ loadMs }) => formatDuration(loadMs),
    isNumber: true,
    from: 'wide',
  },
];

function Pins({ pins }: { readonly pins: Extensions['pins'] }) {
  return (
    <Panel title="Signers let in">
      {pins.length === 0 ? (
        <p class="muted">Nobody but this node: what others signed is refused until you pin its signer.</p>
      ) : (
        <ul class="reasons">
          {pins.map(({ signer, trusted, atMs }) => (
            <li key={signer}>
              <Id value={signer} what="signer" />{' '}
              {trusted ? <Badge tone="warn">in the node's process</Badge> : null} <When atMs={atMs} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
