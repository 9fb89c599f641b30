import { readFileSync } from 'node:fs';
import { interleave, report } from '@hypermesh/bench';
import { type Lock, parseLock, parsePackage, requirementsOf, writeLock } from '@hypermesh/catalog';
import { cidOf, utf8 } from '@hypermesh/core';
import { parse } from 'yaml';

/* What it costs to go from the text of a package document to allocations, and to read a lock of 600 packages; beside the bare reading of the same YAML. */

const text = readFileSync(new URL('../test/fixtures/distributed-processing.yaml', import.meta.url), 'utf8');
const ROUNDS = 50;
const packages = Array.from({ length: 600 }, (_, number) => ({
  name: `p${number}`,
  version: '1.0.0',
  digest: cidOf(utf8(`digest ${number}`), 'dag-cbor'),
  root: cidOf(utf8(`root ${number}`), 'dag-cbor', 'blake3-256'),
  bytes: 1000,
  signers: ['Ed25519:ab', 'falcon-1024-r3:cd'],
  dependencies: number === 0 ? {} : { [`p${number - 1}`]: '1.0.0' },
}));
const lock: Lock = { requirements: { p599: '^1.0.0' }, packages };
const lockText = writeLock(lock);

const sampled = await interleave({
  rounds: 9,
  warmup: 3,
  cases: {
    map: () => {
      const startMs = performance.now();
      for (let round = 0; round < ROUNDS; round += 1) {
        const found = parsePackage(text);
        if (!found.ok || requirementsOf(found.package).nodes.min !== 3) throw new Error('not mapped');
      }
      return (performance.now() - startMs) / ROUNDS;
    },
    yaml: () => {
      const startMs = performance.now();
      for (let round = 0; round < ROUNDS; round += 1) parse(text);
      return (performance.now() - startMs) / ROUNDS;
    },
    lock: () => {
      if (!parseLock(lockText).ok) throw new Error('the lock is refused');
    },
    yamlOfLock: () => {
      parse(lockText);
    },
  },
});
const baselineName = 'yaml.parse of the same text';
report({
  name: 'catalog/map document=distributed',
  value: sampled.map,
  unit: 'ms',
  baseline: sampled.yaml,
  baselineName,
  aim: '<= 10 ms',
});
report({
  name: 'catalog/read-lock packages=600',
  value: sampled.lock,
  unit: 'ms',
  baseline: sampled.yamlOfLock,
  baselineName,
  aim: '<= 1.5',
});
