import { readFileSync } from 'node:fs';
import { routes } from '@hypermesh/client/routes';
import { silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { defaultApiConfig } from '../../src/api/config.ts';
import { openDoors } from '../../src/api/listen.ts';
import { createApi } from '../../src/api/server.ts';
import { openTokens } from '../../src/api/tokens.ts';
import { dataDirectory } from '../../src/data-directory.ts';
import { createEvents } from '../../src/events/hub.ts';

/** A status of the size that a node of four gives. */
export const exampleStatus = {
  name: 'amber',
  nodeId: 'bafyreib'.padEnd(59, 'a'),
  address: 'quic://[::1]:41234',
  pid: 4711,
  phase: 2,
  phaseMeaning: 'certified, with a ledger',
  certificateUntil: '2027-01-01T00:00:00.000Z',
  residentBytes: 200_000_000,
  peakResidentBytes: 250_000_000,
  uptimeMs: 1_000_000,
  members: ['amber', 'birch', 'cedar', 'delta'].map((name) => ({
    name,
    nodeId: `bafyreib${name}`.padEnd(59, 'a'),
    self: name === 'amber',
    connected: name !== 'amber',
    address: 'quic://[::1]:41234',
    carrier: 'quic',
    kem: 'X25519MLKEM768',
    signature: 'ml-dsa-65',
  })),
  extensions: [{ id: 'hypermesh.catalog', version: '1.0.0', state: 'active' }],
  secondVotesSeen: 0,
};

/** Serves that status as a node does. Its clock stands still ahead, so that no rate is ever used up. */
export async function createStatusApi(
  folder: string,
): Promise<AsyncDisposable & { readonly url: string; readonly socket: string; readonly token: string }> {
  const directory = dataDirectory(folder);
  let nowMs = 0;
  const api = createApi({
    entries: [{ id: 'status', route: routes.status, handle: async () => exampleStatus }],
    tokens: openTokens(directory, silentLog),
    events: createEvents({ clock: systemClock }),
    isReady: () => true,
    version: '0.0.0',
    clock: {
      ...systemClock,
      monotonicMs: () => {
        nowMs += 1000;
        return nowMs;
      },
    },
    log: silentLog,
  });
  const doors = await openDoors(directory, api, { config: defaultApiConfig, log: silentLog });
  return {
    url: doors.url ?? '',
    socket: directory.controlSocket,
    token: readFileSync(directory.apiToken, 'utf8').trim(),
    [Symbol.asyncDispose]: () => doors[Symbol.asyncDispose](),
  };
}
