import type { Clock, NodeId, Random } from '@hypermesh/core';
import {
  createMemoryClient,
  type Fault,
  faultIn,
  formatAddress,
  type MemoryClient,
  type ProxyNatError,
  type RemoteMemory,
  retryRule,
} from '@hypermesh/proxy-nat';
import { stoqChannel } from '../adapters/stoq-channel.ts';
import { NodeError } from '../errors.ts';
import type { Peers } from '../mesh/peers.ts';
import type { LedgerGrant, MemoryEntries } from './entries.ts';
import { encodeTokenAsk, memoryStream, tokenRequest } from './protocol.ts';
import { formatRights } from './rights.ts';

/** A region of another member that this node may use. */
export interface UsableRegion {
  readonly grant: string;
  readonly address: string;
  readonly sizeBytes: number;
  readonly home: string;
  readonly rights: string;
  readonly expiresMs: number;
  readonly isAttached: boolean;
}

/** The using side of remote memory: accesses by global address, under the grants that the ledger has for this node. */
export interface Using extends Disposable {
  /** Attaches the region that holds the address, if it is not yet. */
  attach(address: bigint, signal: AbortSignal): Promise<UsableRegion>;
  /** Accesses memory of another node; the callback gets the region and the address's offset in it. */
  access<T>(
    address: bigint,
    use: (memory: RemoteMemory, offset: number) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  /** What this node was granted and may still use. */
  list(): readonly UsableRegion[];
}

/** What the using side works with. */
export interface UsingParts {
  readonly peers: Peers;
  readonly entries: MemoryEntries;
  readonly self: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  nameOf(node: NodeId): string;
}

interface Attached {
  readonly found: LedgerGrant;
  readonly memory: Promise<RemoteMemory>;
}

const attachMs = 15_000;

/** Opens the using side. It attaches when an address is first used, and keeps the region until a grant ends. */
export function openUsing({ peers, entries, self, clock, random, nameOf }: UsingParts): Using {
  const clients = new Map<NodeId, MemoryClient>();
  const attached = new Map<string, Attached>();

  function clientOf(home: NodeId): MemoryClient {
    const known = clients.get(home);
    if (known !== undefined) return known;
    const connect = async (signal: AbortSignal) => {
      const peer = await peers.sessionWith(home, signal);
      return stoqChannel(await peer.openMessages(memoryStream, { signal }));
    };
    const client = createMemoryClient({ connect, clock, random });
    clients.set(home, client);
    return client;
  }

  const holds = ({ grant }: LedgerGrant, address: bigint): boolean =>
    address >= grant.address && address < grant.address + BigInt(grant.sizeBytes);

  /** The grant under which this node may use an address: the one that lasts longest. */
  function grantFor(address: bigint): LedgerGrant {
    let best: LedgerGrant | undefined;
    let ended: Fault | undefined;
    for (const found of entries.grants()) {
      if (found.grant.grantee !== self || !holds(found, address)) continue;
      if (found.isRevoked) ended = 'Revoked';
      else if (clock.nowMs() >= found.grant.expiresMs) ended ??= 'Expired';
      else if (best === undefined || found.grant.expiresMs > best.grant.expiresMs) best = found;
    }
    if (best !== undefined) return best;
    if (ended !== undefined) throw memoryFault(ended, address);
    const what = `a grant of ${formatAddress(address)} for this node`;
    throw new NodeError(
      {
        code: 'node/not-found',
        what,
        next: 'its lender grants it: hypermesh memory grant ADDRESS --to NODE',
      },
      `There is no ${what}`,
    );
  }

  async function open({ grant, home }: LedgerGrant, signal: AbortSignal): Promise<RemoteMemory> {
    const peer = await peers.sessionWith(home, signal);
    const answer = await peer.request(tokenRequest, encodeTokenAsk(grant.id), { signal });
    if (answer.ok) return await clientOf(home).attach(answer.body);
    // The lender began again since: the region of that grant went with its process.
    if (answer.code === 'no-such-grant') throw memoryFault('StaleGeneration', grant.address);
    const reason = answer.code ?? answer.reason;
    throw new NodeError(
      { code: 'node/refused', by: home, reason, next: 'see the log of that node for more' },
      `${nameOf(home)} gives no token: ${reason}`,
    );
  }

  function attachTo(address: bigint): Attached {
    for (const each of attached.values()) if (holds(each.found, address)) return each;
    const found = grantFor(address);
    // Several may wait for it: none of them takes it from the others by giving up.
    const memory = open(found, AbortSignal.timeout(attachMs));
    const entry = { found, memory };
    attached.set(found.grant.id, entry);
    memory.catch(() => attached.delete(found.grant.id));
    return entry;
  }

  async function access<T>(
    address: bigint,
    use: (memory: RemoteMemory, offset: number) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    const entry = attachTo(address);
    try {
      const memory = await entry.memory;
      return await use(memory, Number(address - memory.address));
    } catch (error) {
      const fault = faultIn(error);
      if (fault === undefined) throw error;
      // A grant that is over is let go of: the next access looks for another one.
      if (retryRule(fault) === 'new-grant') attached.delete(entry.found.grant.id);
      throw memoryFault(fault, address, error as ProxyNatError);
    }
  }

  const describe = ({ grant, home }: LedgerGrant): UsableRegion => ({
    grant: grant.id,
    address: formatAddress(grant.address),
    sizeBytes: grant.sizeBytes,
    home: nameOf(home),
    rights: formatRights(grant.rights),
    expiresMs: grant.expiresMs,
    isAttached: attached.has(grant.id),
  });

  return {
    access,
    attach: (address, signal) => access(address, async () => describe(attachTo(address).found), signal),
    list: () =>
      [...entries.grants()]
        .filter(
          ({ grant, isRevoked }) => grant.grantee === self && !isRevoked && grant.expiresMs > clock.nowMs(),
        )
        .map(describe),
    [Symbol.dispose]() {
      for (const client of clients.values()) client.close();
    },
  };
}

const nextSteps: Readonly<Record<ReturnType<typeof retryRule>, string>> = {
  never: 'the same access will fail again: look at address, length and rights',
  'after-pause': 'try again a little later',
  'same-request': "see that the lender's node runs, then try again",
  'new-grant': 'ask the lender for a new grant',
  'follow-mapping': 'the region has another home now: ask its lender',
};

function memoryFault(fault: Fault, address: bigint, cause?: ProxyNatError): NodeError {
  const failure = cause?.failure;
  const isApplied = failure?.code === 'proxy-nat/fault' ? failure.isApplied : 'no';
  const at = formatAddress(address);
  return new NodeError(
    { code: 'node/memory-fault', fault, address: at, isApplied, next: nextSteps[retryRule(fault)] },
    `Memory at ${at}: ${fault}`,
    cause === undefined ? undefined : { cause },
  );
}
