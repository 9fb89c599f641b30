import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { cpuAdapter, memoryAdapter, storageAdapter } from '@hypermesh/assets/adapters';
import { defaultConfig } from '../config.ts';
import { dataWords } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { Invitation } from '../mesh/invitation.ts';
import { formatBytes } from './bytes.ts';
import type { Invocation } from './command.ts';
import { directoryOf } from './control.ts';

/** What `init` or `join` would make of this machine: what is shared, with whom, and what stays here. Writes nothing, asks nobody. */
export async function planNode(
  invocation: Invocation,
  node: {
    readonly name: string;
    readonly listen?: string;
    /** The mesh that would be founded, or the invitation to the one that would be joined. */
    readonly mesh?: string;
    readonly invitation?: Invitation;
  },
): Promise<object> {
  const { output } = invocation;
  const { path, config } = directoryOf(invocation);
  if (existsSync(config)) {
    const next = `start it: hypermesh up${dataWords(path)}`;
    throw new NodeError(
      { code: 'node/already-initialized', directory: path, next },
      `There is a node in ${path} already`,
    );
  }
  const { listen = defaultConfig.listen, name, mesh, invitation } = node;
  const lent = await lentOf(path);
  const { level } = defaultConfig.lend;
  output.line(
    invitation === undefined
      ? `Would found ${mesh} with this node as ${name}, in ${path}`
      : `Would join the mesh with root ${invitation.root} as ${name}, in ${path}`,
  );
  for (const address of invitation?.addresses ?? []) output.line(`  asks     ${address} for a certificate`);
  output.line(`  listens  ${listen}: who can reach it can knock; only members get in`);
  output.line('  shared   with every member, once it runs:');
  output.line('             its name, its address, its public keys and certificate');
  for (const { kind, words } of lent) output.line(`             ${kind}: that it has ${words.has}`);
  output.line(
    `  lent     to ${level === 'p2p' ? 'every member (level p2p)' : level}, under [lend] of hypermesh.toml:`,
  );
  for (const { kind, words } of lent) output.line(`             ${kind}: ${words.lends}`);
  output.line('           programs of others run metered, in a sandbox, without your files or network');
  output.line(
    '  kept     here alone: private keys and their passphrase, your files, what you do not publish',
  );
  return {
    dryRun: true,
    name,
    directory: path,
    listen,
    ...(mesh === undefined ? {} : { mesh }),
    ...(invitation === undefined ? {} : { root: invitation.root, addresses: invitation.addresses }),
    shared: ['name', 'address', 'public keys', 'certificate', ...lent.map(({ kind }) => `size of ${kind}`)],
    lent: lent.map(({ kind, capacity, percent }) => ({ kind, capacity, percent, level })),
    kept: ['private keys', 'passphrase', 'files', 'what is not published'],
  };
}

async function lentOf(path: string) {
  const { cpuPercent, memoryPercent, storagePercent } = defaultConfig.lend;
  const [cpu, memory, storage] = await Promise.all([
    cpuAdapter().probe(),
    memoryAdapter().probe(),
    storageAdapter({ path: existing(path) }).probe(),
  ]);
  return [
    ...(cpu.isPresent && cpu.cores !== undefined
      ? [device('processor', cpu.cores, cpuPercent, (cores) => `${cores} cores`)]
      : []),
    ...(memory.isPresent && memory.bytes !== undefined
      ? [device('memory', memory.bytes, memoryPercent, formatBytes)]
      : []),
    ...(storage.isPresent && storage.bytes !== undefined
      ? [device('storage', storage.bytes, storagePercent, formatBytes)]
      : []),
  ];
}

function device(kind: string, capacity: number, percent: number, words: (amount: number) => string) {
  return { kind, capacity, percent, words: { has: words(capacity), lends: `${percent} % of it` } };
}

/** The folder itself or the nearest one above it that is there: nothing is made for a question. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}
