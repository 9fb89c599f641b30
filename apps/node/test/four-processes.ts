import { join } from 'node:path';
import { createReplaceable } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createStoq, type Peer, type StoqNode } from '@hypermesh/stoq';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { expect } from 'vitest';
import { certificateAuthenticator } from '../src/adapters/authenticator.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import { loadNodeKeys, readChain, readPassphrase } from '../src/identity.ts';
import { hypermesh, type RunningNode, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

export const names = ['amber', 'birch', 'cedar', 'delta'] as const;
export type Name = (typeof names)[number];

/** A mesh of four processes that was founded by the command line, as people found one. */
export interface FourProcesses extends AsyncDisposable {
  /** A folder for files of the test itself. */
  readonly folder: string;
  /** What runs; a node that is killed and started again is put back here. */
  readonly nodes: Record<Name, RunningNode>;
  readonly invitations: readonly string[];
  directoryOf(name: Name): DataDirectory;
}

/** Founds it: `init`, `up`, `invite`, and three times `join` and `up`; `start` says how a node is started. */
export async function openFourProcesses(
  start: (directory: string) => Promise<RunningNode> = startNode,
): Promise<FourProcesses> {
  const folder = temporaryDirectory();
  const directoryOf = (name: Name) => dataDirectory(join(folder.path, name));
  const data = (name: Name) => ['--data', directoryOf(name).path];
  const nodes = {} as Record<Name, RunningNode>;
  const made = await hypermesh('init', ...data('amber'), '--name', 'amber');
  expect(made.code, made.stderr).toBe(0);
  nodes.amber = await start(directoryOf('amber').path);
  const listed = await hypermesh('invite', ...data('amber'), '--json');
  const invitations = listed.json()['invitations'] as string[];
  await Promise.all(
    names.slice(1).map(async (name, index) => {
      const joined = await hypermesh('join', invitations[index] ?? '', ...data(name), '--name', name);
      expect(joined.code, joined.stderr).toBe(0);
      nodes[name] = await start(directoryOf(name).path);
    }),
  );
  return {
    folder: folder.path,
    nodes,
    invitations,
    directoryOf,
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(nodes).map((node) => node[Symbol.asyncDispose]()));
      folder[Symbol.dispose]();
    },
  };
}

/** A session as a member whose keys somebody else got hold of. */
export async function stolenSession(
  { nodes, directoryOf }: FourProcesses,
  name: Name,
  victim: Name,
): Promise<{ stoq: StoqNode; peer: Peer }> {
  const directory = directoryOf(name);
  const keys = await loadNodeKeys(directory, readPassphrase(directory, undefined));
  const [root] = readChain(directory.root);
  if (root === undefined) throw new Error('no root');
  const stoq = await createStoq({
    auth: certificateAuthenticator({
      credentials: createReplaceable({ chain: readChain(directory.certificate), keys: keys.certificate }),
      pinnedRoot: fingerprint(root),
      admitEnrolling: false,
      clock: systemClock,
    }),
  });
  return { stoq, peer: await stoq.connect(nodes[victim].address) };
}
