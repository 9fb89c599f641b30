import type { Result } from '@hypermesh/client';
import type { PageProps } from '../../app/page.ts';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Acts } from '../../parts/acts.tsx';
import { Badge } from '../../parts/badge.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { Facts } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, FaultNote } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { toast } from '../../parts/toasts.tsx';
import { When } from '../../parts/when.tsx';
import { Audit } from './audit.tsx';
import { Grants } from './grants.tsx';
import { Operations } from './operations.tsx';
import { Quotas } from './quotas.tsx';
import { stateTones } from './states.ts';

type Extension = Result<'extension-info'>;

/** One extension: what it is and may, how it is held, and calling it. */
export function Page({ params }: PageProps) {
  const id = params['id'] ?? '';
  const extension = useAnswer('extension-info', { id }, { topics: ['extensions'], everyMs: 1_000 });
  return (
    <>
      <PageHead title={extension.value?.name ?? id} lede={`The extension ${id}.`} />
      <Answered answer={extension}>
        {(value) => (
          <div class="grid">
            <About extension={value} />
            <Grants extension={value} />
            <Quotas quotas={value.quotas} />
            <Operations extension={value} />
            <Denials denials={value.denials} />
            <Audit id={value.id} />
          </div>
        )}
      </Answered>
    </>
  );
}

function About({ extension }: { readonly extension: Extension }) {
  const { id, state, reason, version, tier, engine, signer, certificate, loadMs, calls, isBundled } =
    extension;
  const activating = useAction('extension-activate');
  const deactivating = useAction('extension-deactivate');
  const stop = async () => {
    const isSure = await confirm(`Stop ${extension.name}?`, {
      act: 'Stop it',
      isDangerous: true,
      body: (
        <p>Its operations end, now and after a restart, until you start it again. What it stored stays.</p>
      ),
    });
    if (isSure && (await deactivating.start({ id })) !== undefined)
      toast('done', `${extension.name} is stopped`);
  };
  const start = async () => {
    if ((await activating.start({ id })) !== undefined) toast('done', `${extension.name} runs`);
  };
  return (
    <Panel title="What it is" aside={<Badge tone={stateTones[state]}>{state}</Badge>}>
      {[activating, deactivating].map(({ fault }) =>
        fault === undefined ? null : <FaultNote key={fault.code} fault={fault} />,
      )}
      <Facts
        facts={[
          ['Version', version],
          reason === undefined ? undefined : ['Why not', reason],
          ['Came', isBundled ? 'with the node' : 'by its operator'],
          [
            'Held by',
            tier === 'trusted' ? "nothing: it runs in the node's own process" : `a sandbox (${engine})`,
          ],
          ['Signed by', <Id key="signer" value={signer} what="signer" />],
          ['Certificate', <Id key="certificate" value={certificate} what="fingerprint of the certificate" />],
          ['Loaded in', formatDuration(loadMs)],
          [
            'Calls',
            `${formatCount(calls.done)} done, ${formatCount(calls.failed)} failed, ${formatCount(calls.running)} running`,
          ],
        ]}
      />
      <Acts>
        <div class="form-foot">
          {state === 'active' ? (
            <button type="button" class="button button-bad" disabled={deactivating.isRunning} onClick={stop}>
              Stop
            </button>
          ) : (
            <button type="button" class="button button-main" disabled={activating.isRunning} onClick={start}>
              Start
            </button>
          )}
        </div>
      </Acts>
    </Panel>
  );
}

function Denials({ denials: { count, newest } }: { readonly denials: Extension['denials'] }) {
  return (
    <Panel title="Denied">
      {count === 0 ? (
        <p class="muted">It asked for nothing that it may not have.</p>
      ) : (
        <>
          <p>{formatCount(count)} times since it was loaded.</p>
          <ul class="reasons">
            {newest.map(({ atMs, event, detail }) => (
              <li key={`${atMs} ${event}`}>
                {event} <span class="muted">{detail === undefined ? '' : JSON.stringify(detail)}</span>{' '}
                <When atMs={atMs} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Panel>
  );
}
