import { counters, gauges, histograms, secondsBuckets } from './rows.ts';

/** What a node does for others and itself: assets, runs, memory, extensions, certificates. */
export const workRows = [
  ...counters({
    assets_claims_total: ['Reservations that were asked for, by answer', 'things', ['outcome']],
    assets_commits_total: ['Commits of reservations, by answer', 'things', ['outcome']],
    assets_claims_ended_total: ['Claims that ended', 'things', ['how']],
    run_asks_total: ['Runs that members asked for, by answer', 'things', ['outcome']],
    runs_total: ['Runs here, by type of program and exit', 'things', ['type', 'exit']],
    runs_reexecuted_total: ['Runs of others that were repeated here to compare'],
    runs_fuel_total: ['Fuel that runs here used', 'fuel'],
    memory_accesses_total: [
      'Accesses to memory that this node lends, by operation and outcome',
      'things',
      ['operation', 'outcome'],
    ],
    memory_bytes_total: ['Bytes of the accesses that succeeded', 'bytes', ['operation']],
    memory_attaches_refused_total: ['Members that were not let to lent memory', 'things', ['fault']],
    memory_frames_refused_total: [
      'Frames that could not be read; their channels were closed',
      'things',
      ['reason'],
    ],
    extension_calls_total: ['Calls of extensions, by answer', 'things', ['extension', 'status']],
    extension_events_total: [
      'What the audit log heard of: denials, quotas that were hit, transitions',
      'things',
      ['extension', 'event'],
    ],
    trust_certificates_verified_total: ['Chains of peers that were checked', 'things', ['outcome']],
    trust_certificates_issued_total: ['Certificates that this node issued'],
    trust_log_appends_total: ['Entries that the log of this node took'],
  }),
  ...histograms(secondsBuckets, {
    runs_seconds: ['Time that runs here took', 'seconds'],
  }),
  ...histograms([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096], {
    runs_memory_pages: ['Pages of 64 KiB that runs here had at their end', 'pages'],
  }),
  ...gauges({
    assets: ['Assets that this node keeps', 'things', ['state']],
    assets_leases: ['Claims that are held now', 'things', ['state']],
    runs_executing: ['Runs that are under way here'],
    memory_lent_bytes: ['Memory that is lent now', 'bytes'],
    memory_regions: ['Regions that are lent now'],
    extensions: ['Extensions on the disk of this node', 'things', ['state']],
    certificate_remaining_seconds: ["Time until this node's certificate ends", 'seconds'],
    certificate_remaining_ratio: ['That time as a share of its whole life', 'ratio'],
  }),
];
