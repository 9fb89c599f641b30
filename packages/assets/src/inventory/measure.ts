import type { Attributes } from '../identity/asset.ts';
import type { DeviceAdapter, Measured } from '../ports.ts';

/** The three devices that every machine has. */
export interface MachineAdapters {
  readonly cpu: DeviceAdapter<
    {
      readonly arch: string;
      readonly model: string;
      readonly cores: number;
      readonly microsPerSecond: number;
      readonly mhz: number;
      readonly features: readonly string[];
    },
    { readonly sha256KiBps: Measured }
  >;
  readonly memory: DeviceAdapter<
    { readonly bytes: number; readonly pageBytes: number },
    { readonly copyKiBps: Measured }
  >;
  readonly storage: DeviceAdapter<
    {
      readonly bytes: number;
      readonly totalBytes: number;
      readonly filesystem: string;
      readonly isRotational: boolean;
    },
    { readonly writeKiBps: Measured; readonly syncMicros: Measured }
  >;
}

/** What an asset would say of a device, or why there is none. */
export type MeasuredDevice =
  | { readonly kind: string; readonly isPresent: true; readonly attributes: Attributes }
  | { readonly kind: string; readonly isPresent: false; readonly detail: string };

/**
 * Probes and measures a machine, one device after the other so that they do not disturb each other: a third of the
 * budget each. What cannot be probed is named with the reason; nothing is guessed. Aborts between repetitions.
 */
export async function measureMachine(
  { cpu, memory, storage }: MachineAdapters,
  budgetMs: number,
  signal?: AbortSignal,
): Promise<readonly MeasuredDevice[]> {
  const eachMs = budgetMs / 3;
  return [
    await measured(cpu, async ({ arch, model, cores, microsPerSecond, mhz, features }) => {
      const { sha256KiBps } = await cpu.benchmark(eachMs, signal);
      const { value, spreadBp } = sha256KiBps;
      return { arch, model, cores, microsPerSecond, mhz, features, sha256KiBps: value, spreadBp };
    }),
    await measured(memory, async ({ bytes, pageBytes }) => {
      const { copyKiBps } = await memory.benchmark(eachMs, signal);
      return { bytes, pageBytes, copyKiBps: copyKiBps.value, spreadBp: copyKiBps.spreadBp };
    }),
    await measured(storage, async ({ bytes, totalBytes, filesystem, isRotational }) => {
      const { writeKiBps, syncMicros } = await storage.benchmark(eachMs, signal);
      const { value, spreadBp } = writeKiBps;
      const syncs = { writeKiBps: value, syncMicros: syncMicros.value, spreadBp };
      return { bytes, totalBytes, filesystem, isRotational, ...syncs };
    }),
  ];
}

async function measured<P extends object, M extends object>(
  adapter: DeviceAdapter<P, M>,
  describe: (probed: P) => Promise<Attributes>,
): Promise<MeasuredDevice> {
  const { kind } = adapter;
  const probed = await adapter.probe();
  if (!probed.isPresent) return { kind, isPresent: false, detail: probed.detail };
  return { kind, isPresent: true, attributes: await describe(probed as unknown as P) };
}
