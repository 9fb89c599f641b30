import type { Probe } from '../ports.ts';
import { fieldOf, kernelFiles } from './kernel-files.ts';

/** A graphics processor that the kernel knows. */
export interface GpuDevice {
  readonly model: string;
  /** Its place on the bus, such as `0000:3b:00.0`; empty where the kernel does not tell. */
  readonly bus: string;
  readonly driver: string;
}

/**
 * Looks for graphics processors, and says so where there is none. It finds them only: nothing of this package measures
 * or lends one yet.
 */
export function probeGpus(
  options: { readonly root?: string } = {},
): Probe & { readonly devices: readonly GpuDevice[] } {
  const files = kernelFiles(options.root);
  const nvidia = files.list('/proc/driver/nvidia/gpus').map((bus): GpuDevice => {
    const information = files.read(`/proc/driver/nvidia/gpus/${bus}/information`) ?? '';
    return { model: fieldOf(information, 'Model') ?? 'unknown', bus, driver: 'nvidia' };
  });
  const others = files
    .list('/sys/class/drm')
    .filter((name) => /^card\d+$/.test(name))
    .flatMap((name): GpuDevice[] => {
      const event = files.read(`/sys/class/drm/${name}/device/uevent`) ?? '';
      const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(event)?.[1] ?? '';
      const bus = value('PCI_SLOT_NAME');
      if (nvidia.some((known) => known.bus === bus)) return [];
      return [{ model: value('PCI_ID') || 'unknown', bus, driver: value('DRIVER') || 'unknown' }];
    });
  const devices = [...nvidia, ...others];
  const isPresent = devices.length > 0;
  const detail = isPresent
    ? devices.map(({ model, driver }) => `${model} (${driver})`).join(', ')
    : 'no graphics processor: neither /proc/driver/nvidia nor /sys/class/drm names one';
  return { isPresent, detail, source: 'kernel', devices };
}
