import type { ControlMethod } from '../server.ts';
import { catalogMethods } from './catalog.ts';
import { contentMethods } from './content.ts';
import { extensionMethods } from './extension.ts';
import { inventoryMethods, machineMethods } from './inventory.ts';
import { ledgerMethods } from './ledger.ts';
import { memoryMethods } from './memory.ts';
import type { ControlParts, ServiceMethod, ServiceMethods } from './method.ts';
import { runMethods } from './run.ts';
import { walletMethods } from './wallet.ts';

/** The methods of every service, each table in the file of its service. */
const serviceMethods: ServiceMethods = {
  ...ledgerMethods,
  ...contentMethods,
  ...inventoryMethods,
  ...catalogMethods,
  ...memoryMethods,
  ...runMethods,
  ...walletMethods,
  ...extensionMethods,
};

/** What a stop in order waits for, and what is not begun while memory or disk are short. */
const work = new Set(['publish', 'install', 'run', 'execute', 'transfer', 'memory-lend', 'scrub']);

/** Every method of the control socket. */
export function controlMethods(parts: ControlParts): Readonly<Record<string, ControlMethod>> {
  const { growth, intake, status, invitations } = parts;
  const withServices =
    (name: string, method: ServiceMethod): ControlMethod =>
    async (call) => {
      if (work.has(name)) intake.demand();
      using _under = work.has(name) ? intake.begin() : undefined;
      const tell = (text: string) => call.progress({ text });
      if (growth.current() === undefined) tell('waiting for the genesis');
      return method(await growth.reached(call.signal), { ...call, tell }, parts);
    };
  return {
    status: async () => status(),
    invitations: async () => ({ invitations: invitations() }),
    ...machineMethods(parts),
    ...Object.fromEntries(
      Object.entries(serviceMethods).map(([name, method]) => [name, withServices(name, method)]),
    ),
  };
}
