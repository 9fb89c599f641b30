import { counters, gauges, histograms, secondsBuckets } from './rows.ts';

/** Agreement, proofs, operations and value. */
export const ledgerRows = [
  ...counters({
    consensus_proposals_total: ['Blocks that this node proposed'],
    consensus_votes_total: ['Votes that this node cast', 'things', ['kind']],
    consensus_blocks_total: ['Blocks that became final and were applied'],
    consensus_transactions_total: ['Transactions of these blocks, by result', 'things', ['code']],
    consensus_timeouts_total: ['Timers of the engine that ran out', 'things', ['timer']],
    consensus_reports_total: [
      'What the engine reported of others, and views it gave up',
      'things',
      ['event'],
    ],
    consensus_malformed_total: ['Messages of validators that could not be read', 'things', ['reason']],
    consensus_proofs_checked_total: [
      'Legs of proofs that this node checked before ordering: all of an operation that holds, the first that failed of one that is refused',
      'things',
      ['leg', 'outcome'],
    ],
    consensus_proofs_made_total: ['Unified proofs that this node made'],
    consensus_refused_total: ["This node's operations that were refused, by leg", 'things', ['leg']],
    ledger_operations_total: ['Operations that were applied, by kind and result', 'things', ['kind', 'code']],
  }),
  ...histograms(secondsBuckets, {
    consensus_finality_seconds: ['Time from the first sight of a block to its finality', 'seconds'],
    consensus_proving_seconds: ['Time to make the four proofs of one operation', 'seconds'],
  }),
  ...gauges({
    consensus_height: ['Last final block'],
    consensus_view: ['View of the engine'],
    consensus_pending: ['Transactions that wait for a block'],
    consensus_idle_seconds: ['Time since a block was final', 'seconds'],
    consensus_validators: ['Validators of the genesis'],
    consensus_quorum: ['Validators that must sign'],
    consensus_validators_reachable: ['Validators with an open session, this node among them where it is one'],
    wallet_available_units: ["Value that this node's member may spend, base units", 'units'],
    wallet_held_units: ["Value of this node's member that is put aside", 'units'],
  }),
];
