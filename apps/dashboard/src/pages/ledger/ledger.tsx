import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Figures } from '../../parts/figures.tsx';
import { Answered, Note } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { Blocks } from './blocks.tsx';
import { FinalityPlot } from './finality.tsx';
import { Operations } from './operations.tsx';
import { Validators } from './validators.tsx';

/** The ledger: how far it is, how fast, who keeps it, and what it holds. */
export function Page() {
  const ledger = useAnswer('ledger', {}, { topics: ['blocks', 'status'] });
  return (
    <>
      <PageHead
        title="Ledger"
        lede="Every operation on an asset carries four proofs and is ordered here. A block is final when a quorum of validators signed it; nothing final is ever taken back."
      />
      <Answered answer={ledger}>
        {(value) => (
          <>
            <LedgerFigures ledger={value} />
            {value.isCatchingUp ? (
              <Note tone="warn">
                <p>This node is catching up: what you see is true, and not yet all there is.</p>
              </Note>
            ) : null}
            <div class="stack">
              <Panel title="Until a block is final">
                <FinalityPlot ledger={value} />
              </Panel>
              <Blocks />
              <Operations />
              <Validators />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function LedgerFigures({ ledger }: { readonly ledger: Result<'ledger'> }) {
  const { height, last, finality, validators, quorum, faultsTolerated, operations, pending, profile } =
    ledger;
  return (
    <Figures
      figures={[
        {
          label: 'Height',
          value: formatCount(height),
          note: last === null ? 'only the genesis' : `profile ${profile}`,
        },
        {
          label: 'Final after (median)',
          value: finality === null ? 'none yet' : formatDuration(finality.p50Ms),
          note: finality === null ? 'since the start' : `99 of 100 within ${formatDuration(finality.p99Ms)}`,
        },
        {
          label: 'Validators',
          value: formatCount(validators),
          note: `${quorum} sign a block; ${faultsTolerated} may be faulty`,
        },
        { label: 'Operations', value: formatCount(operations), note: `${formatCount(pending)} waiting` },
      ]}
    />
  );
}
