import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { Badge, Meter } from '../../parts/badge.tsx';
import { countColumn, sizeColumn } from '../../parts/columns.tsx';
import { Answered } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Validator = Result<'validators'>['validators'][number];

/** Who keeps the ledger: what each stands for, and what it did in the last blocks. */
export function Validators() {
  const answer = useAnswer('validators', {}, { topics: ['blocks', 'links'], everyMs: 2_000 });
  return (
    <Panel
      title="Validators"
      aside={answer.value === undefined ? undefined : `last ${formatCount(answer.value.window)} blocks`}
    >
      <Answered answer={answer}>
        {({ validators, quorum, window }) => (
          <>
            <p class="muted">
              A certificate holds exactly {quorum} signatures, so each signs some blocks and not others. That
              is no fault.
            </p>
            <Table
              caption="Validators"
              columns={columns(window)}
              rows={validators}
              keyOf={({ nodeId }) => nodeId}
              isMarked={({ self }) => self}
              empty={<p class="muted">The genesis names none.</p>}
            />
          </>
        )}
      </Answered>
    </Panel>
  );
}

const columns = (window: number): readonly Column<Validator>[] => [
  {
    id: 'name',
    title: 'Validator',
    cell: ({ name, self, leads }) => (
      <>
        {name} {self ? <span class="muted">this node</span> : null}{' '}
        {leads ? <Badge tone="good">leads</Badge> : null}
      </>
    ),
    sortBy: ({ name }) => name,
  },
  {
    id: 'connected',
    title: 'Link',
    cell: ({ self, connected }) =>
      self ? '' : connected ? <Badge>connected</Badge> : <Badge tone="warn">not connected</Badge>,
    from: 'medium',
  },
  {
    id: 'power',
    title: 'Bond',
    cell: ({ power, bond }) => `${formatCount(power)} ${bond}`,
    sortBy: ({ power }) => BigInt(power),
    isNumber: true,
    from: 'medium',
  },
  sizeColumn('Space', ({ spaceBytes }) => spaceBytes, 'wide'),
  countColumn('Proposed', ({ proposed }) => proposed, 'medium'),
  {
    id: 'signed',
    title: 'Signed',
    cell: ({ signed }) => (
      <Meter label="Signed" share={window === 0 ? 0 : signed / window} text={`${signed} of ${window}`} />
    ),
    sortBy: ({ signed }) => signed,
  },
];
