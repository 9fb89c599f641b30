import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { PageProps } from '../../app/page.ts';
import { setQuery } from '../../app/router.ts';
import { useAnswer } from '../../data/node.ts';
import { Badge } from '../../parts/badge.tsx';
import { blockColumn, sizeColumn, timeColumn, wordColumn } from '../../parts/columns.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { packageLink, packageTypes } from './links.ts';

type Hit = Result<'search'>['packages'][number];
type Installed = Result<'list'>['packages'][number];
type PackageType = (typeof packageTypes)[number];

/** Finding packages of the mesh, and what is installed here. */
export function Page({ query }: PageProps) {
  const words = query.get('text') ?? '';
  const type = packageTypes.find((each) => each === query.get('type'));
  return (
    <>
      <PageHead
        title="Packages"
        lede="Signed packages of all members. A package is found by the ledger, fetched from whoever holds it, checked chunk by chunk, and run on nodes that lend for it."
      />
      <div class="stack">
        <Found words={words} type={type} />
        <InstalledHere />
      </div>
    </>
  );
}

function Found({ words, type }: { readonly words: string; readonly type: PackageType | undefined }) {
  const typed = useSignal(words);
  const current = typed.value;
  // The address follows what is typed, once the person rests.
  useEffect(() => {
    const timer = setTimeout(() => current !== words && setQuery('text', current), 250);
    return () => clearTimeout(timer);
  }, [current, words]);
  const search = useAnswer(
    'search',
    { ...(words === '' ? {} : { text: words }), ...(type === undefined ? {} : { type }), limit: 1000 },
    { topics: ['packages'], everyMs: 1_000 },
  );
  return (
    <Panel title="Find">
      <search class="form search">
        <TextField
          label="Words"
          name="text"
          type="search"
          placeholder="Name, description or tag"
          value={current}
          onInput={(value) => {
            typed.value = value;
          }}
        />
        <ChoiceField
          label="Type"
          name="type"
          value={type ?? ''}
          choices={[['', 'All types'], ...packageTypes.map((each) => [each, each] as const)]}
          onInput={(value) => setQuery('type', value)}
        />
      </search>
      <Answered answer={search}>
        {({ packages }) => (
          <Table
            caption="Packages found"
            columns={hitColumns}
            rows={packages}
            keyOf={({ key }) => key}
            empty={
              words === '' && type === undefined ? (
                <Empty title="Nobody has published a package yet">
                  <p>
                    Write one and publish it from its folder; every member can find it as soon as its block is
                    final:
                  </p>
                  <pre>
                    <code>hypermesh catalog publish ./my-package</code>
                  </pre>
                </Empty>
              ) : (
                <Empty title="No package matches">
                  <p>Try fewer words, or all types.</p>
                </Empty>
              )
            }
          />
        )}
      </Answered>
    </Panel>
  );
}

const hitColumns: readonly Column<Hit>[] = [
  {
    id: 'name',
    title: 'Package',
    cell: ({ name, version }) => (
      <>
        <a href={packageLink(name)}>{name}</a> <span class="muted numbers">{version}</span>
      </>
    ),
    sortBy: ({ name }) => name,
  },
  { id: 'description', title: 'What it is', cell: ({ description }) => description, from: 'medium' },
  wordColumn('Type', ({ type }) => type, 'wide'),
  sizeColumn('Size', ({ bytes }) => bytes, 'medium'),
  {
    id: 'verified',
    title: 'Signatures',
    cell: ({ verified }) =>
      verified ? <Badge tone="good">verified</Badge> : <Badge tone="warn">not looked at</Badge>,
  },
];

function InstalledHere() {
  const installed = useAnswer('list', {}, { topics: ['packages'], everyMs: 1_000 });
  return (
    <Panel title="Installed on this node">
      <Answered answer={installed}>
        {({ packages }) => (
          <Table
            caption="Installed packages"
            columns={installedColumns}
            rows={packages}
            keyOf={({ name, version }) => `${name}@${version}`}
            empty={
              <Empty title="Nothing is installed here yet">
                <p>
                  Open a package above and install it: its bytes come from several members, each chunk
                  checked.
                </p>
              </Empty>
            }
          />
        )}
      </Answered>
    </Panel>
  );
}

const installedColumns: readonly Column<Installed>[] = [
  {
    id: 'name',
    title: 'Package',
    cell: ({ name, version }) => (
      <>
        <a href={packageLink(name, version)}>{name}</a> <span class="muted numbers">{version}</span>
      </>
    ),
    sortBy: ({ name }) => name,
  },
  {
    id: 'why',
    title: 'Why',
    cell: ({ requested }) => (requested === undefined ? 'another one needs it' : `asked for ${requested}`),
    from: 'medium',
  },
  sizeColumn('Size', ({ bytes }) => bytes),
  blockColumn(({ height }) => height, 'wide'),
  timeColumn('Installed', ({ installedMs }) => installedMs, 'medium'),
];
