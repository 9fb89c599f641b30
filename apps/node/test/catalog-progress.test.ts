import { describe, expect, it } from 'vitest';
import { createCatalogService } from '../src/catalog/service.ts';
import type { Moved } from '../src/movement.ts';

describe('the catalog service', () => {
  it('tells the bytes of packages that come at the same time, as one sum, and words alone for the rest', async () => {
    const events = [
      { type: 'checking', package: 'a@1.0.0' },
      { type: 'fetching', package: 'a@1.0.0', total: 1000, moved: 100, reused: 200, peers: 1 },
      { type: 'fetching', package: 'b@1.0.0', total: 5000, moved: 5000, reused: 0, peers: 3 },
      { type: 'fetching', package: 'a@1.0.0', total: 1000, moved: 800, reused: 200, peers: 1 },
      { type: 'unpacking', package: 'a@1.0.0' },
      { type: 'storing', package: 'c@1.0.0', bytes: 50, files: 1 },
      { type: 'storing', package: 'c@1.0.0', bytes: 50, files: 1, stored: 50 },
    ];
    const told: [string, Moved | undefined][] = [];
    const catalog = createCatalogService({
      host: {
        async handle({ onProgress }) {
          for (const event of events) onProgress?.(event);
          return { status: 'success', result: { ok: true, value: { packages: [] } } } as never;
        },
      },
      ledger: { actBy: () => Promise.reject(new Error('nothing is ordered here')) },
    });
    const tell = (text: string, moved?: Moved) => told.push([text, moved]);
    await catalog.plan(['a'], {}, tell, new AbortController().signal);
    expect(told.map(([text, moved]) => [text, moved?.done, moved?.total])).toEqual([
      ['checking a@1.0.0', undefined, undefined],
      ['fetching a@1.0.0 from 1 peer', 300, 1000],
      ['fetching b@1.0.0 from 3 peers', 5300, 6000],
      ['fetching a@1.0.0 from 1 peer', 6000, 6000],
      ['unpacking a@1.0.0', undefined, undefined],
      ['cutting and storing 1 files of c@1.0.0', undefined, undefined],
      ['cutting and storing 1 files of c@1.0.0', 6050, 6050],
    ]);
    for (const [, moved] of told) if (moved !== undefined) expect(moved.unit).toBe('bytes');
  });
});
