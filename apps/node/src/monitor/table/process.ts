import { counters, gauges, histograms, secondsBuckets } from './rows.ts';

/** The process, its API, its logs, and this monitoring itself. */
export const processRows = [
  ...counters({
    api_requests_total: ['Requests to the API', 'things', ['route', 'method', 'status']],
    log_lines_total: ['Lines of the log', 'things', ['level']],
    log_lost_lines_total: ['Lines that could not be written to the disk'],
    metrics_dropped_total: ['Counts that had no place: see the bounds'],
    process_cpu_seconds_total: ['Processor time', 'seconds', ['mode']],
    process_gc_seconds_total: ['Time that the garbage collector took', 'seconds', ['kind']],
  }),
  ...histograms(secondsBuckets, {
    api_request_seconds: [
      'Time to answer a request to the API; of long work, all of it',
      'seconds',
      ['method'],
    ],
  }),
  ...gauges({
    process_resident_bytes: ['Resident memory', 'bytes'],
    process_heap_bytes: ['Heap of JavaScript, used', 'bytes'],
    process_external_bytes: ['Memory outside of the heap that JavaScript holds, buffers among it', 'bytes'],
    process_memory_cap_bytes: [
      'Most memory that this process may have, by its control group or the machine',
      'bytes',
    ],
    process_memory_ratio: ['Resident memory as a share of that', 'ratio'],
    process_open_files: ['Open file descriptors'],
    process_start_time_seconds: ['When the process started, Unix time', 'seconds'],
    event_loop_delay_seconds: [
      'How late tasks ran since the last look: half of them by at most so much (0.5), nearly all (0.99), the worst (1)',
      'seconds',
      ['quantile'],
    ],
    disk_free_bytes: ['Room on the disk of the data directory', 'bytes'],
    disk_free_ratio: ['That room as a share of the disk', 'ratio'],
    metrics_series: ['Series that are kept'],
    history_bytes: ['Bytes of the history on disk', 'bytes'],
    alerts: ['Alerts by their state', 'things', ['state']],
  }),
];
