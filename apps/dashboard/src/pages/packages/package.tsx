import type { Result } from '@hypermesh/client';
import type { PageProps } from '../../app/page.ts';
import { useAnswer } from '../../data/node.ts';
import { shortId } from '../../format/ids.ts';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import { Acts } from '../../parts/acts.tsx';
import { Badge } from '../../parts/badge.tsx';
import { sizeColumn } from '../../parts/columns.tsx';
import { Facts } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, Note } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { InstallPanel } from './install.tsx';
import { packageLink } from './links.ts';
import { Runners } from './runners.tsx';

type Info = Result<'info'>;
type File = Info['record']['files'][number];

/** One package: what it is, who signed it, its versions and files, installing it, and who would run it. */
export function Page({ params, query }: PageProps) {
  const name = params['name'] ?? '';
  const version = query.get('version') ?? undefined;
  const spec = version === undefined ? name : `${name}@${version}`;
  const info = useAnswer('info', { spec }, { topics: ['packages'], everyMs: 1_000 });
  return (
    <>
      <PageHead
        title={name}
        lede={info.value?.record.description}
        actions={
          <Acts>
            <a class="button" href={`/runs?spec=${encodeURIComponent(spec)}`}>
              Run it
            </a>
          </Acts>
        }
      />
      <Answered answer={info}>
        {(value) => (
          <div class="grid">
            <About info={value} />
            <InstallPanel info={value} />
            <Signed info={value} />
            <Runners spec={`${name}@${value.record.version}`} />
            <Files files={value.record.files} />
          </div>
        )}
      </Answered>
    </>
  );
}

function About({ info: { record, release, versions } }: { readonly info: Info }) {
  return (
    <Panel title="What it is">
      <Facts
        facts={[
          ['Version', record.version],
          [
            'Versions',
            <span key="versions" class="list">
              {versions.toReversed().map((each) => (
                <a
                  key={each}
                  href={packageLink(record.name, each)}
                  {...(each === record.version ? { 'aria-current': 'true' as const } : {})}
                >
                  {each}
                </a>
              ))}
            </span>,
          ],
          ['Type', record.type],
          record.tags.length === 0 ? undefined : ['Tags', record.tags.join(', ')],
          record.license === undefined ? undefined : ['Licence', record.license],
          record.authors.length === 0 ? undefined : ['Authors', record.authors.join(', ')],
          ['Size', `${formatBytes(record.bytes)} in ${formatCount(record.files.length)} files`],
          record.entrypoint === undefined
            ? undefined
            : ['Starts with', <code key="entrypoint">{[record.entrypoint, ...record.args].join(' ')}</code>],
          [
            'Needs',
            record.dependencies.length === 0 ? (
              'no other package'
            ) : (
              <span key="needs" class="list">
                {record.dependencies.map(({ name, range }) => (
                  <a key={name} href={packageLink(name)}>
                    {name} {range}
                  </a>
                ))}
              </span>
            ),
          ],
          ['Asks for', needsOf(record)],
          ['Published', <When key="published" atMs={release.record.publishedMs} />],
        ]}
      />
    </Panel>
  );
}

function needsOf({ resources, execution }: Info['record']): string {
  const { cpuMillicores, memoryBytes, storageBytes, gpuMemoryBytes } = resources;
  const needs = [
    ...(cpuMillicores === undefined ? [] : [`${cpuMillicores / 1000} cores`]),
    ...(memoryBytes === undefined ? [] : [`${formatBytes(memoryBytes)} memory`]),
    ...(storageBytes === undefined ? [] : [`${formatBytes(storageBytes)} storage`]),
    ...(gpuMemoryBytes === undefined ? [] : [`${formatBytes(gpuMemoryBytes)} GPU memory`]),
    execution.network === 'none' ? 'no network' : 'a restricted network',
  ];
  return needs.join(', ');
}

function Signed({ info }: { readonly info: Info }) {
  const { release, record, signers, sequence, refused } = info;
  const isWhole = sequence === undefined || (sequence.gaps.length === 0 && sequence.repeated.length === 0);
  return (
    <Panel title="Who stands for it">
      {isWhole ? null : (
        <Note tone="warn">
          <p>
            The publisher's sequence has gaps or repetitions: somebody may keep releases back. Look at it
            before you trust a new version.
          </p>
        </Note>
      )}
      {refused.length === 0 ? null : (
        <Note tone="warn">
          <p>
            {refused.length} entries of this name on the ledger are not believed:{' '}
            {refused.map(({ key, check, reason }) => `${key} (${check}: ${reason})`).join('; ')}
          </p>
        </Note>
      )}
      <Facts
        facts={[
          ['Publisher', <Id key="publisher" value={release.publisher} what="id of the publisher" />],
          [
            'Signatures',
            <span key="signers" class="list">
              {signers.map(({ suite, key }) => (
                <span key={suite} title={key}>
                  {suite} <code>{shortId(key)}</code>
                </span>
              ))}
            </span>,
          ],
          ['Record', <Id key="digest" value={release.record.digest} what="digest of the record" />],
          ['Content root', <Id key="root" value={record.root} what="content root" />],
          [
            'Ordered in',
            <a key="height" href={`/ledger/block/${release.height}`}>
              block {formatCount(release.height)}
            </a>,
          ],
          ['Release of the publisher', `number ${formatCount(release.record.sequence)}`],
        ]}
      />
    </Panel>
  );
}

function Files({ files }: { readonly files: readonly File[] }) {
  return (
    <Panel title="Files" isWide>
      <Table
        caption="Files of the package"
        columns={fileColumns}
        rows={files}
        keyOf={({ path }) => path}
        empty={<p class="muted">It has no files.</p>}
      />
    </Panel>
  );
}

const fileColumns: readonly Column<File>[] = [
  { id: 'path', title: 'Path', cell: ({ path }) => <code>{path}</code>, sortBy: ({ path }) => path },
  {
    id: 'executable',
    title: 'Mode',
    cell: ({ executable }) => (executable ? <Badge>executable</Badge> : null),
    from: 'medium',
  },
  sizeColumn('Size', ({ size }) => size),
];
