export { type CpuAttributes, type CpuBenchmark, cpuAdapter } from './cpu.ts';
export { type GpuDevice, probeGpus } from './gpu.ts';
export { type MemoryAttributes, type MemoryBenchmark, memoryAdapter } from './memory.ts';
export { type StorageAttributes, type StorageBenchmark, storageAdapter } from './storage.ts';
