import { tmpdir } from 'node:os';
import { cpuAdapter, memoryAdapter, probeGpus, storageAdapter } from '@hypermesh/assets/adapters';
import { interleave, report } from '@hypermesh/bench';
import { cpu, fsSize, graphics, mem } from 'systeminformation';

const adapters = [cpuAdapter(), memoryAdapter(), storageAdapter({ path: tmpdir() })];

const { ours, theirs } = await interleave({
  rounds: 9,
  warmup: 2,
  cases: {
    async ours() {
      for (const adapter of adapters) await adapter.probe();
      probeGpus();
    },
    async theirs() {
      await cpu();
      await mem();
      await fsSize();
      await graphics();
    },
  },
});

report({
  name: 'assets/probe devices=cpu,memory,storage,gpu',
  value: ours,
  unit: 'ms',
  baseline: theirs,
  baselineName: 'systeminformation cpu, mem, fsSize, graphics',
  aim: '<= 0.1',
});
