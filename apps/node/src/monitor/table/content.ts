import { counters, gauges } from './rows.ts';

/** Content: what is kept, fetched, served and scrubbed. */
export const contentRows = [
  ...counters({
    content_bytes_total: [
      'Bytes of chunks that became content here: cut from what was published, fetched over the wire, or here already when they were asked for (reused)',
      'bytes',
      ['origin'],
    ],
    content_wire_bytes_total: ['Bytes of manifests and chunks that fetches moved, refused ones too', 'bytes'],
    content_chunks_fetched_total: ['Chunks that came over the wire and were kept'],
    content_chunks_refused_total: ['Chunks that were not what their place says'],
    content_fetches_total: ['Fetches by how they ended', 'things', ['outcome']],
    content_chunks_served_total: ['Chunks that were sent to others'],
    content_served_bytes_total: ['Bytes of those chunks, before packing', 'bytes'],
    content_refused_total: ['Roots that were asked for and not given'],
    content_pins_total: ['Roots that were pinned and unpinned', 'things', ['action']],
    content_collections_total: ['Runs of the garbage collector'],
    content_freed_bytes_total: ['Bytes that it freed', 'bytes'],
    content_scrubs_total: ['Scrubs that ended'],
    content_chunks_scrubbed_total: ['Chunks that scrubs hashed, by what they found', 'things', ['state']],
  }),
  ...gauges({
    content_roots: ['Roots that are here'],
    content_stored_bytes: ['Bytes of their chunks, each once', 'bytes'],
    content_lost_roots: ['Roots that the last scrub could not make whole again'],
    content_discovery_on: ['Whether others can find what is here: 1 or 0'],
  }),
];
