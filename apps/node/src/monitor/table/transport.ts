import { counters, gauges, histograms, secondsBuckets } from './rows.ts';

/** Sessions, streams and requests over STOQ, and who is at their other ends. */
export const transportRows = [
  ...counters({
    stoq_sessions_opened_total: ['Sessions that were authenticated', 'things', ['direction']],
    stoq_sessions_closed_total: ['Sessions that ended, by whom and why', 'things', ['by', 'reason']],
    stoq_handshakes_refused_total: ['Handshakes that came to nothing', 'things', ['by', 'reason']],
    stoq_streams_total: [
      'Streams that were opened by this node (outbound) or its peers',
      'things',
      ['direction'],
    ],
    stoq_stream_faults_total: ['Streams of peers that were not served to their end', 'things', ['fault']],
    stoq_requests_total: ['Requests of this node by how they ended; ok: answered', 'things', ['reason']],
    stoq_bytes_total: [
      'Bytes of sealed records; class says whether the peer is a member or a machine that asks to become one',
      'bytes',
      ['class', 'direction'],
    ],
    relay_bytes_total: ['Bytes that this node carried between others', 'bytes'],
  }),
  ...histograms(secondsBuckets, {
    stoq_handshake_seconds: ['Time to an authenticated session', 'seconds', ['direction']],
    stoq_request_seconds: ['Time from a request of this node to its answer', 'seconds'],
  }),
  ...gauges({
    stoq_sessions: ['Sessions that are open', 'things', ['class', 'direction']],
    members: ['Members of the mesh'],
    members_connected: ['Members with an open session, this node among them'],
    clock_offset_seconds: [
      "Median of the members' clocks less this one; absent where fewer than two answered",
      'seconds',
    ],
  }),
];
