import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interleave, report } from '@hypermesh/bench';
import { createSeededRandom } from '@hypermesh/core/testing';
import { createChunker, openDiskStore, publish } from '@hypermesh/stoq/content';

/** Three thousand small chunks, cut, hashed, written and durable, against writing and flushing as many files one after another. */
const content = createSeededRandom(1).bytes(3_000 * 18_000);
const chunker = createChunker('package');
const pieces = [...chunker.push(content), ...chunker.end()];
const folder = await mkdtemp(join(tmpdir(), 'stoq-bench-'));
let round = 0;
const next = () => {
  round += 1;
  return join(folder, String(round));
};
try {
  const results = await interleave({
    rounds: 5,
    cases: {
      store: async () => {
        const store = await openDiskStore(next());
        const start = performance.now();
        await publish(store, content);
        return performance.now() - start;
      },
      files: async () => {
        const base = next();
        const start = performance.now();
        for (const [index, piece] of pieces.entries()) {
          const path = `${base}-${index}`;
          await writeFile(path, piece);
          const file = await open(path, 'r');
          await file.sync();
          await file.close();
        }
        return performance.now() - start;
      },
    },
  });
  report({
    name: `stoq/store chunks=${pieces.length} bytes=54MB durable=true`,
    value: results.store,
    unit: 'ms',
    baseline: results.files,
    baselineName: 'each written and flushed in turn, neither cut nor hashed',
    aim: '<= 1',
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}
