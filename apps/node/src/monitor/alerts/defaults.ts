import type { AlertCondition, AlertRule } from './rule.ts';

type Short = Pick<AlertCondition, 'metric' | 'is' | 'than'> & Partial<AlertCondition>;

function rule(
  name: string,
  about: Pick<AlertRule, 'severity' | 'summary' | 'next' | 'forS'>,
  ...when: readonly Short[]
): AlertRule {
  return {
    name,
    ...about,
    when: when.map((one) => ({
      take: 'value',
      overS: 60,
      combine: one.take === undefined || one.take === 'value' ? 'max' : 'sum',
      absolute: false,
      ...one,
      metric: `hypermesh_${one.metric}`,
      than: typeof one.than === 'string' ? `hypermesh_${one.than}` : one.than,
    })),
  };
}

/** What an operator is told of without having asked. Each can be switched off, or replaced by one of the same name. */
export const defaultRules: readonly AlertRule[] = [
  rule(
    'no-block',
    {
      severity: 'critical',
      summary: 'operations wait, and no block has become final for a minute',
      next: 'see which validators are not connected: hypermesh status',
      forS: 0,
    },
    { metric: 'consensus_idle_seconds', is: '>', than: 60 },
    { metric: 'consensus_pending', is: '>', than: 0 },
  ),
  rule(
    'finality-slow',
    {
      severity: 'warning',
      summary:
        'of the blocks of the last two minutes, one in twenty took more than 5 seconds to become final',
      next: 'see the load of the validators and the round trips between them',
      forS: 60,
    },
    { metric: 'consensus_finality_seconds_p95', is: '>', than: 5, overS: 120 },
  ),
  rule(
    'quorum-lost',
    {
      severity: 'critical',
      summary: 'fewer validators are seen from here than must sign a block',
      next: 'start the others again, or see why this node does not reach them: hypermesh status',
      forS: 30,
    },
    { metric: 'consensus_validators_reachable', is: '<', than: 'consensus_quorum' },
  ),
  rule(
    'validator-away',
    {
      severity: 'warning',
      summary: 'a validator has not been seen from here for five minutes',
      next: 'see which: hypermesh status',
      forS: 300,
    },
    { metric: 'consensus_validators_reachable', is: '<', than: 'consensus_validators' },
  ),
  rule(
    'certificate-ending',
    {
      severity: 'critical',
      summary: "less than a fifth of the life of this node's certificate is left, and it was not renewed",
      next: 'see that the founder can be reached; the log says why it was not renewed (certificate.)',
      forS: 0,
    },
    { metric: 'certificate_remaining_ratio', is: '<', than: 0.2 },
  ),
  rule(
    'disk-nearly-full',
    {
      severity: 'warning',
      summary: 'less than a tenth of the disk of the data directory is free',
      next: 'make room: this node stops taking content when the disk is full',
      forS: 60,
    },
    { metric: 'disk_free_ratio', is: '<', than: 0.1 },
  ),
  rule(
    'disk-full',
    {
      severity: 'critical',
      summary: 'less than 2 % of the disk of the data directory is free',
      next: 'make room now: the ledger of this node stops when it cannot write',
      forS: 0,
    },
    { metric: 'disk_free_ratio', is: '<', than: 0.02 },
  ),
  rule(
    'clock-off',
    {
      severity: 'warning',
      summary: "this machine's clock is more than 2 seconds off those of the other members",
      next: 'set it by NTP: certificates, leases and proofs are bound to time',
      forS: 60,
    },
    { metric: 'clock_offset_seconds', is: '>', than: 2, absolute: true, overS: 180 },
  ),
  rule(
    'content-lost',
    {
      severity: 'critical',
      summary: 'chunks of content on this node are damaged, and neither parity nor a peer could mend them',
      next: 'start the nodes that hold it, then: hypermesh scrub',
      forS: 0,
    },
    { metric: 'content_lost_roots', is: '>', than: 0 },
  ),
  rule(
    'event-loop-slow',
    {
      severity: 'warning',
      summary: 'for a minute one task in a hundred of this process has come more than half a second late',
      next: 'see what the machine is busy with; lend less of it: hypermesh assets policy',
      forS: 60,
    },
    { metric: 'event_loop_delay_seconds{quantile="0.99"}', is: '>', than: 0.5 },
  ),
  rule(
    'memory-near-cap',
    {
      severity: 'warning',
      summary: 'this process has nine tenths of the memory that it may have',
      next: 'raise its cap, or lend less memory: hypermesh assets policy',
      forS: 60,
    },
    { metric: 'process_memory_ratio', is: '>', than: 0.9 },
  ),
  rule(
    'log-errors',
    {
      severity: 'warning',
      summary: 'more than five errors stand in the log of the last five minutes',
      next: 'read them: hypermesh logs --level error',
      forS: 0,
    },
    { metric: 'log_lines_total{level="error"}', take: 'increase', overS: 300, is: '>', than: 5 },
  ),
  rule(
    'log-lost',
    {
      severity: 'warning',
      summary: 'lines of the log could not be written to the disk',
      next: 'see the room on the disk and who owns the folder logs of the data directory',
      forS: 0,
    },
    { metric: 'log_lost_lines_total', take: 'increase', overS: 300, is: '>', than: 0 },
  ),
  rule(
    'extension-suspended',
    {
      severity: 'warning',
      summary: 'an extension of this node is suspended or was refused',
      next: 'see why: hypermesh extension list',
      forS: 0,
    },
    { metric: 'extensions{state="not-active"}', is: '>', than: 0 },
  ),
  rule(
    'second-vote',
    {
      severity: 'critical',
      summary: 'a validator has signed two votes that contradict each other',
      next: 'its owner runs one key on two machines, or it lies: the log names it (consensus.equivocation)',
      forS: 0,
    },
    {
      metric: 'consensus_reports_total{event="equivocation"}',
      take: 'increase',
      overS: 3_600,
      is: '>',
      than: 0,
    },
  ),
];
