import type { Result } from '@hypermesh/client';
import type { PageProps } from '../../app/page.ts';
import { useAnswer } from '../../data/node.ts';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import { formatDuration, formatMoment } from '../../format/times.ts';
import { Badge } from '../../parts/badge.tsx';
import { BlockLink } from '../../parts/block-link.tsx';
import { Facts } from '../../parts/figures.tsx';
import { CopyButton, Id } from '../../parts/id.tsx';
import { Answered } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { Legs } from './legs.tsx';

/** One operation: what it asked, whether it took effect, and what each of its four proofs shows. */
export function Page({ params }: PageProps) {
  const answer = useAnswer('operation', { id: params['id'] ?? '' }, { topics: [] });
  return (
    <>
      <PageHead
        title={answer.value?.kind ?? 'Operation'}
        lede={
          answer.value === undefined
            ? undefined
            : `By ${answer.value.by}, ${formatMoment(answer.value.timeMs)}`
        }
      />
      <Answered answer={answer}>{(operation) => <Details operation={operation} />}</Answered>
    </>
  );
}

function Details({ operation }: { readonly operation: Result<'operation'> }) {
  const { id, hash, account, sequence, height, code, bytes, body, bodyBytes, finality, proof } = operation;
  return (
    <div class="grid">
      <Panel title="The operation">
        <Facts
          facts={[
            [
              'Effect',
              code === 'ok' ? (
                <Badge key="code" tone="good">
                  took effect
                </Badge>
              ) : (
                <Badge key="code" tone="warn">
                  {code}
                </Badge>
              ),
            ],
            ['Id', <Id key="id" value={id} what="id of the operation" />],
            ['Hash of its block', <Id key="hash" value={hash} what="hash of the block" />],
            ['Account', <Id key="account" value={account} what="account" />],
            ['Number of the account', formatCount(sequence)],
            ['Block', <BlockLink key="block" height={height} />],
            ['Size', formatBytes(bytes)],
            [
              'Signed by',
              `${finality.signers} validators; its proof of finality takes ${formatBytes(finality.proofBytes)}`,
            ],
          ]}
        />
      </Panel>
      <Panel title="What it says" aside={<CopyButton text={body} what="body of the operation" />}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <pre class="output" tabIndex={0}>
          {readable(body)}
        </pre>
        {bodyBytes > body.length ? <p class="muted">The beginning of {formatBytes(bodyBytes)}.</p> : null}
      </Panel>
      <Panel
        title="Its four proofs"
        isWide
        aside={`${formatBytes(proof.bytes)}, verified in ${formatDuration(proof.costMs)}`}
      >
        <p>
          {proof.ok ? <Badge tone="good">all four hold</Badge> : <Badge tone="bad">refused</Badge>} Signature{' '}
          {proof.signature}
          {proof.refused === undefined ? '' : `; ${proof.refused.leg}: ${proof.refused.reason}`}. A proof
          without one of the four is no proof.
        </p>
        {proof.legs === null ? null : <Legs legs={proof.legs} />}
      </Panel>
    </div>
  );
}

/** JSON on several lines where it is whole; as it came where it was cut. */
function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body;
  }
}
