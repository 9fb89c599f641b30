import type { Block } from './block.ts';
import type { Certificate } from './certificate.ts';
import {
  createEngineState,
  type EngineConfig,
  type EngineState,
  emptyRound,
  type Head,
  type LogRecord,
  type Round,
} from './state.ts';
import type { BlockId } from './vote.ts';

/** What a validator finds on its disk. */
export interface Recovered {
  /** The last block of the block store, with the certificate that made it final; undefined before block 1. */
  readonly head: Head | undefined;
  readonly best: Certificate | undefined;
  /** The log in the order it was written. */
  readonly records: readonly LogRecord[];
  /** Highest view that a lost log may have signed; 0 with an intact log. */
  readonly guardView: number;
}

/**
 * The state of a validator that was stopped at any moment: its votes are those of the log, so it never signs
 * differently, and everything that was sent had been logged before.
 */
export function recoverEngine(config: EngineConfig, found: Recovered): EngineState {
  const base = createEngineState(config, found.head ?? config.genesis);
  const rounds = new Map<number, Round>();
  const blocks = new Map<BlockId, Block>();
  let best = found.best;
  let view = Math.max(base.view, (best?.view ?? 0) + 1);
  const roundOf = (at: number): Round => rounds.get(at) ?? emptyRound(at, config.validators);
  for (const record of found.records) {
    if (record.type === 'block') {
      if (record.block.header.view > base.head.view) blocks.set(record.block.id, record.block);
    } else if (record.type === 'certificate') {
      const { certificate } = record;
      if (config.rules.isFinal(certificate.kind) && certificate.view > (best?.view ?? 0)) best = certificate;
      view = Math.max(view, certificate.view + 1);
      if (certificate.view <= base.head.view) continue;
      const round = roundOf(certificate.view);
      const certificates = { ...round.certificates, [certificate.kind]: certificate };
      rounds.set(certificate.view, { ...round, certificates });
    } else if (record.view > base.head.view) {
      view = Math.max(view, record.view);
      rounds.set(record.view, withOwnVote(config, roundOf(record.view), record));
    }
  }
  const lastActive = new Array<number>(config.validators).fill(view);
  const { guardView } = found;
  return { ...base, view, rounds, blocks, logged: new Set(blocks.keys()), best, lastActive, guardView };
}

function withOwnVote(
  { me, scheme }: EngineConfig,
  round: Round,
  { kind, view, block }: Extract<LogRecord, { type: 'vote' }>,
): Round {
  if (me === undefined || scheme.sign === undefined) return round;
  const slots = round[kind].slice();
  slots[me] = { block, signature: scheme.sign({ kind, view, block }), checked: true };
  const own = {
    notarized: kind === 'notarize' ? block : round.own.notarized,
    nullified: round.own.nullified || kind === 'nullify',
    finalized: round.own.finalized || kind === 'finalize',
  };
  const isNotarize = kind === 'notarize';
  return {
    ...round,
    [kind]: slots,
    own,
    proposal: isNotarize ? block : round.proposal,
    check: isNotarize ? 'good' : round.check,
    asked: round.asked || isNotarize,
  };
}

/** The records that a shorter log must still hold once all blocks up to the head are stored. */
export function liveRecords({ rounds, blocks, logged, best, config, head }: EngineState): LogRecord[] {
  const records: LogRecord[] = [];
  for (const [id, block] of blocks) if (logged.has(id)) records.push({ type: 'block', block });
  if (best !== undefined) records.push({ type: 'certificate', certificate: best });
  const inOrder = [...rounds.values()]
    .filter((round) => round.view > head.view)
    .sort((a, b) => a.view - b.view);
  for (const { view, own, certificates, ...round } of inOrder) {
    for (const certificate of Object.values(certificates)) records.push({ type: 'certificate', certificate });
    if (config.me === undefined) continue;
    if (own.notarized !== undefined)
      records.push({ type: 'vote', kind: 'notarize', view, block: own.notarized });
    if (own.nullified) records.push({ type: 'vote', kind: 'nullify', view, block: '' });
    const finalized = certificates.notarize?.block ?? round.finalize[config.me]?.block;
    if (own.finalized && finalized !== undefined) {
      records.push({ type: 'vote', kind: 'finalize', view, block: finalized });
    }
  }
  return records;
}
