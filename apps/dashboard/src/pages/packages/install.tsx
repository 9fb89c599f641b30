import type { Result } from '@hypermesh/client';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import { Acts } from '../../parts/acts.tsx';
import { Badge } from '../../parts/badge.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { Facts } from '../../parts/figures.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Progress } from '../../parts/progress.tsx';
import { toast } from '../../parts/toasts.tsx';
import { When } from '../../parts/when.tsx';
import { packageLink } from './links.ts';

type Info = Result<'info'>;

/** Installing a package here, checking it again, and removing it. */
export function InstallPanel({ info: { record, installed } }: { readonly info: Info }) {
  const key = `${record.name}@${record.version}`;
  const installing = useAction('install', { goesOn: true });
  const verifying = useAction('verify');
  const removing = useAction('remove');

  const install = async () => {
    const result = await installing.start({ specs: [key] });
    if (result !== undefined) toast('done', `${key} is installed`);
  };
  const remove = async () => {
    const isSure = await confirm(`Remove ${key} from this node?`, {
      act: 'Remove',
      isDangerous: true,
      body: <p>Its files leave this node; other members keep theirs, and it can be installed again.</p>,
    });
    if (isSure && (await removing.start({ spec: key })) !== undefined) toast('done', `${key} was removed`);
  };

  if (installing.isRunning)
    return (
      <Panel title="Installing">
        <Progress progress={installing.progress} onCancel={installing.cancel} />
      </Panel>
    );
  return (
    <Panel
      title="On this node"
      aside={installed === undefined ? undefined : <Badge tone="good">installed</Badge>}
    >
      {[installing, verifying, removing].map(({ fault }) =>
        fault === undefined ? null : <FaultNote key={fault.code} fault={fault} />,
      )}
      {installed === undefined ? (
        <>
          <p>
            It is not installed. Installing finds what it needs, fetches {formatBytes(record.bytes)} from
            whoever holds it, checks signatures, log and every chunk, and puts it on the ledger with its four
            proofs.
          </p>
          <Acts>
            <button type="button" class="button button-main" onClick={install}>
              Install {record.version}
            </button>
          </Acts>
        </>
      ) : (
        <div class="stack">
          <Facts
            facts={[
              ['Since', <When key="since" atMs={installed.installedMs} />],
              [
                'Ordered in',
                <a key="height" href={`/ledger/block/${installed.height}`}>
                  block {formatCount(installed.height)}
                </a>,
              ],
              [
                'Why',
                installed.requested === undefined ? (
                  <Why key="why" spec={key} />
                ) : (
                  `asked for ${installed.requested}`
                ),
              ],
            ]}
          />
          <div class="form-foot">
            <button
              type="button"
              class="button"
              disabled={verifying.isRunning}
              onClick={() => verifying.start({ spec: key, deep: true })}
            >
              {verifying.isRunning ? 'Checking every byte …' : 'Check every byte'}
            </button>
            <Acts>
              <button type="button" class="button" disabled={removing.isRunning} onClick={remove}>
                Remove
              </button>
            </Acts>
          </div>
        </div>
      )}
      <div aria-live="polite">
        {installing.result === undefined ? null : <Installation result={installing.result} />}
        {verifying.result === undefined ? null : <Verification result={verifying.result} />}
      </div>
    </Panel>
  );
}

function Why({ spec }: { readonly spec: string }) {
  const { value } = useAnswer('why', { spec }, { topics: ['packages'] });
  const [path] = value?.paths ?? [];
  return <>{path === undefined ? 'another package needs it' : path.join(' → ')}</>;
}

function Installation({ result }: { readonly result: Result<'install'> }) {
  const { packages, bytes, bytesMoved, bytesReused, peers, rejectedChunks } = result;
  return (
    <Facts
      facts={[
        [
          'Moved',
          `${formatBytes(bytesMoved)} of ${formatBytes(bytes)}; ${formatBytes(bytesReused)} were here already`,
        ],
        [
          'From',
          peers.map((peer) => `${peer.node} ${formatBytes(peer.bytes)}`).join(', ') || 'nobody: all was here',
        ],
        ['Chunks refused', formatCount(rejectedChunks)],
        [
          'With it',
          <span key="packages" class="list">
            {packages.map(({ name, version, already }) => (
              <a key={name} href={packageLink(name, version)}>
                {name} {version}
                {already ? ' (was here)' : ''}
              </a>
            ))}
          </span>,
        ],
      ]}
    />
  );
}

function Verification({ result: { ok, checks } }: { readonly result: Result<'verify'> }) {
  return (
    <>
      <p>{ok ? <Badge tone="good">all checks hold</Badge> : <Badge tone="bad">a check failed</Badge>}</p>
      <ul class="reasons">
        {checks.map(({ check, ok: isFine, detail }) => (
          <li key={check}>
            <Badge tone={isFine ? 'plain' : 'bad'}>{isFine ? 'holds' : 'fails'}</Badge> {check}: {detail}
          </li>
        ))}
      </ul>
    </>
  );
}
