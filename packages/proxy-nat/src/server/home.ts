import {
  type Clock,
  type Log,
  type Metrics,
  type Random,
  silentLog,
  silentMetrics,
  toHex,
} from '@hypermesh/core';
import type { Prefix } from '../address/plan.ts';
import { encodeToken, type Grant, signGrant } from '../authority/grant.ts';
import { signMapping } from '../authority/mapping.ts';
import { addressBytes, type HolderKey, type VerifySignature } from '../authority/signed.ts';
import type { Channel } from '../channel.ts';
import { ProxyNatError } from '../errors.ts';
import type { Fault } from '../faults.ts';
import { allRights } from '../translation/entries.ts';
import { createTranslation, type Mapping } from '../translation/translation.ts';
import { attachAnswerBytes } from '../wire/layout.ts';
import type { attachFields } from '../wire/requests.ts';
import { checkToken, standing } from './admission.ts';
import type { Apply } from './apply.ts';
import { type HeldGrant, holdGrant, type Session, sessionOf } from './grants.ts';
import { type Lane, openLane } from './lane.ts';
import { openMemory } from './memory.ts';
import type { Window } from './window.ts';

/** What a memory server is made with. */
export interface MemoryServerOptions {
  /** The /64 of this node. */
  readonly network: Prefix;
  /** How the transport names this node; goes into mapping records. */
  readonly home: string;
  /** Bytes to lend from (a power of two), or the buffer itself. */
  readonly arena: number | ArrayBuffer | SharedArrayBuffer;
  readonly limits?: Partial<MemoryLimits>;
}

/** Bounds of a memory server. */
export interface MemoryLimits {
  /** Regions at once; 1,024 unless told. */
  readonly regions: number;
  /** Grants held at once, revoked ones too until they expire; 4,096 unless told. */
  readonly grants: number;
  /** Client instances under one grant; 16 unless told. */
  readonly sessionsPerGrant: number;
  /** Requests that wait on one channel; 2,048 unless told. Beyond it they fail with `Busy`, and 2,048 further on it is closed. */
  readonly queuedRequests: number;
  /** Bytes that waiting requests of one channel name; 8 MiB unless told. */
  readonly queuedBytes: number;
  /** Attaches of one channel that are looked at together; 16 unless told. */
  readonly attaches: number;
  /** How long a revocation waits for a peer that does not take its answers before its channel is closed; 1,000 unless told. */
  readonly drainMs: number;
}

/** What a memory server works with. */
export interface MemoryServerPorts {
  readonly clock: Clock;
  /** Cryptographic: ids and keys of grants come from it. */
  readonly random: Random;
  /** The holder of the addresses, who signs mappings and grants. */
  readonly key: HolderKey;
  readonly verify: VerifySignature;
  /** Asked at each attach after the token has been checked; a fault refuses it. Called again for every new channel. */
  readonly authorize?: (grant: Grant, peer: string) => Fault | undefined | Promise<Fault | undefined>;
  /** Runs the rest of a long queue in a later turn; `setImmediate` unless told. */
  readonly defer?: (task: () => void) => void;
  readonly log?: Log;
  readonly metrics?: Metrics;
}

/** What a region is asked for. */
export interface RegionRequest {
  /** Rounded up to a power of two, at least 4,096. */
  readonly sizeBytes: number;
  /** Bits of `rights` that grants may give; all unless told. */
  readonly rights?: number;
  /** Unix milliseconds. */
  readonly expiresMs: number;
}

/** What a grant is asked for. */
export interface GrantRequest {
  /** Who may use it, as the transport names its authenticated peers. */
  readonly grantee: string;
  /** Bits of `rights`; those of the region unless told. Never more than the region's. */
  readonly rights?: number;
  /** Unix milliseconds; that of the region unless told. Never later. */
  readonly expiresMs?: number;
  readonly maxBytes?: number;
  readonly maxOperations?: number;
}

/** A grant that was issued. `token` holds the key: it goes to the grantee over a private way and nowhere else. */
export interface IssuedGrant {
  readonly grant: Grant;
  /** The signed grant without its key: public. */
  readonly record: Uint8Array;
  readonly token: Uint8Array;
}

/** A region that is lent out. */
export interface Region {
  readonly address: bigint;
  readonly sizeBytes: number;
  readonly generation: number;
  readonly expiresMs: number;
  /** The signed mapping record of the region. */
  readonly mapping: Uint8Array;
  /** Issues a grant. Throws `proxy-nat/full` where no more are held, `proxy-nat/closed` for a region that has ended. */
  grant(request: GrantRequest): IssuedGrant;
  /** Ends all grants by a new generation; resolves when none of them is in flight. */
  revokeAll(): Promise<void>;
  /**
   * Ends the region: its grants fail with `StaleGeneration`, or with `Moved` where a newer mapping record is given.
   * Resolves when its bytes are zeroed and its addresses free. Idempotent.
   */
  close(moved?: Uint8Array): Promise<void>;
}

/** The home of the regions of one node: it serialises all access to them. */
export interface MemoryServer {
  readonly network: Prefix;
  readonly arenaBytes: number;
  /** Lends a region. Throws `proxy-nat/full` where the arena has no block of this size. */
  lend(request: RegionRequest): Region;
  /**
   * Ends a grant. New accesses fail from this call on; it resolves when every admitted one has been applied and its answer
   * handed over. No access under the grant takes effect afterwards. Resolves false where the grant is not known.
   */
  revoke(grantId: string): Promise<boolean>;
  /** Serves a channel whose other end is the authenticated `peer`. Returns "stop", which closes the channel. */
  serve(channel: Channel, peer: string): () => void;
  /** What is lent, used and refused so far. */
  usage(): { readonly regions: number; readonly lentBytes: number; readonly grants: number };
}

/** The parts of a home that its guarantees hang on. */
export interface HomeParts {
  readonly apply: Apply;
  readonly createWindow: () => Window;
  readonly drained: (held: HeldGrant) => Promise<void>;
}

const defaults: MemoryLimits = {
  regions: 1024,
  grants: 4096,
  sessionsPerGrant: 16,
  queuedRequests: 2048,
  queuedBytes: 8 * 1024 * 1024,
  attaches: 16,
  drainMs: 1000,
};

interface OpenRegion {
  readonly mapping: Mapping;
  readonly record: Uint8Array;
  isOpen: boolean;
  closing: Promise<void> | undefined;
  generation: number;
  readonly grants: Set<HeldGrant>;
}

/** Puts a home together from its parts. */
export function createHome(
  options: MemoryServerOptions,
  ports: MemoryServerPorts,
  parts: HomeParts,
): MemoryServer {
  const { network, home } = options;
  const { clock, random, key, verify, log = silentLog, metrics = silentMetrics } = ports;
  const limits = { ...defaults, ...options.limits };
  const memory = openMemory(options.arena);
  const translation = createTranslation({
    network,
    arenaBytes: memory.bytes.length,
    capacity: limits.regions,
    // Above every generation of an earlier life, as long as the clock goes on and fewer than a million regions a second are lent.
    firstGeneration: Math.max(1, Math.floor(clock.nowMs())) * 1024,
  });
  const grants = new Map<string, HeldGrant>();
  const regions = new Map<number, OpenRegion>();
  const lanes = new Set<Lane>();

  /** Waits for admitted requests; a peer that takes no answers loses its channel, and with it what it has waiting. */
  async function drain(held: HeldGrant): Promise<void> {
    const cancel = clock.schedule(limits.drainMs, () => {
      for (const lane of [...lanes]) if (lane.holds(held)) lane.close();
    });
    await parts.drained(held).finally(cancel);
  }

  async function end(region: OpenRegion, fault: Fault, moved?: Uint8Array): Promise<void> {
    for (const held of region.grants) {
      held.ended ??= fault;
      held.moved = moved;
    }
    await Promise.all([...region.grants].map(drain));
  }

  function close(region: OpenRegion, moved?: Uint8Array): Promise<void> {
    region.closing ??= wipe(region, moved);
    return region.closing;
  }

  async function wipe(region: OpenRegion, moved?: Uint8Array): Promise<void> {
    region.isOpen = false;
    const { slot, place, sizeBytes } = region.mapping;
    await end(region, moved === undefined ? 'StaleGeneration' : 'Moved', moved);
    memory.bytes.fill(0, place, place + sizeBytes);
    translation.release(slot, region.generation);
    regions.delete(slot);
  }

  function forgetExpired(nowMs: number): void {
    for (const [id, held] of grants) {
      if (nowMs < held.grant.expiresMs || held.inFlight > 0) continue;
      grants.delete(id);
      regions.get(held.slot)?.grants.delete(held);
    }
    for (const region of regions.values()) {
      const isIdle = [...region.grants].every(({ inFlight }) => inFlight === 0);
      if (nowMs >= region.mapping.expiresMs && isIdle) close(region).catch(() => undefined);
    }
  }

  function issue(region: OpenRegion, request: GrantRequest): IssuedGrant {
    if (!region.isOpen)
      throw new ProxyNatError({ code: 'proxy-nat/closed' }, 'the region is not lent any more');
    if (grants.size >= limits.grants) forgetExpired(clock.nowMs());
    if (grants.size >= limits.grants)
      throw new ProxyNatError({ code: 'proxy-nat/full', sizeBytes: 0 }, 'no more grants are held');
    const { mapping } = region;
    const statement = {
      id: toHex(random.bytes(16)),
      address: mapping.address,
      sizeBytes: mapping.sizeBytes,
      grantee: request.grantee,
      rights: (request.rights ?? mapping.rights) & mapping.rights,
      generation: region.generation,
      expiresMs: Math.floor(Math.min(request.expiresMs ?? mapping.expiresMs, mapping.expiresMs)),
      maxBytes: request.maxBytes ?? Number.MAX_SAFE_INTEGER,
      maxOperations: request.maxOperations ?? Number.MAX_SAFE_INTEGER,
    };
    const record = signGrant(statement, key);
    const grant = { ...statement, holder: key.publicKey };
    const secret = random.bytes(16);
    const held = holdGrant(grant, secret, mapping.slot);
    grants.set(grant.id, held);
    region.grants.add(held);
    return { grant, record, token: encodeToken({ record, key: secret }) };
  }

  async function attach(
    peer: string,
    { instance, isResumed, token }: ReturnType<typeof attachFields>,
  ): Promise<Session | { fault: Fault; moved?: Uint8Array }> {
    const held = checkToken(token, { grants, verify, holder: key.publicKey, peer });
    const refuse = (fault: Fault) => {
      const id = typeof held === 'string' ? undefined : held.grant.id;
      log.warn('memory.attach-refused', { peer, fault, grant: id });
      metrics.count('memory_attaches_refused_total', 1, { fault });
      const moved = typeof held === 'string' ? undefined : held.moved;
      return fault === 'Moved' && moved !== undefined ? { fault, moved } : { fault };
    };
    if (typeof held === 'string') return refuse(held);
    const before = standing(held, { translation, nowMs: clock.nowMs() });
    if (before !== undefined) return refuse(before);
    const denied = await ports.authorize?.(held.grant, peer);
    if (denied !== undefined) return refuse(denied);
    const after = standing(held, { translation, nowMs: clock.nowMs() });
    if (after !== undefined) return refuse(after);
    const session = sessionOf(held, instance, {
      isResumed,
      most: limits.sessionsPerGrant,
      createWindow: parts.createWindow,
    });
    return typeof session === 'string' ? refuse(session) : session;
  }

  function welcome({ held }: Session, handle: number): Uint8Array {
    const record = regions.get(held.slot)?.record ?? new Uint8Array();
    const data = Buffer.alloc(attachAnswerBytes + record.length);
    data.writeUInt32BE(handle, 0);
    data.writeUInt32BE(held.grant.rights, 4);
    data.set(addressBytes(held.grant.address), 8);
    data.writeUInt32BE(Math.floor(held.grant.sizeBytes / 2 ** 32), 24);
    data.writeUInt32BE(held.grant.sizeBytes >>> 0, 28);
    data.set(record, attachAnswerBytes);
    return data;
  }

  return {
    network,
    arenaBytes: memory.bytes.length,
    lend({ sizeBytes, rights = allRights, expiresMs: until }) {
      const expiresMs = Math.floor(until);
      forgetExpired(clock.nowMs());
      const taken = translation.allocate({ owner: 0, sizeBytes, rights, expiresMs });
      if (!taken.ok)
        throw new ProxyNatError({ code: 'proxy-nat/full', sizeBytes }, `no room to lend ${sizeBytes} bytes`);
      const { mapping } = taken;
      const prefix = { address: mapping.address, length: 128 - Math.log2(mapping.sizeBytes) };
      const { generation: epoch } = mapping;
      const times = { fromMs: Math.floor(clock.nowMs()), untilMs: expiresMs };
      const record = signMapping({ prefix, home, epoch, ...times }, key);
      const region: OpenRegion = {
        mapping,
        record,
        isOpen: true,
        closing: undefined,
        generation: epoch,
        grants: new Set(),
      };
      regions.set(mapping.slot, region);
      return {
        address: mapping.address,
        sizeBytes: mapping.sizeBytes,
        expiresMs,
        mapping: record,
        get generation() {
          return region.generation;
        },
        grant: (request) => issue(region, request),
        async revokeAll() {
          if (!region.isOpen) return;
          region.generation = translation.renew(mapping.slot);
          await end(region, 'Revoked');
        },
        close: (moved) => close(region, moved),
      };
    },
    async revoke(grantId) {
      const held = grants.get(grantId);
      if (held === undefined) return false;
      held.ended ??= 'Revoked';
      await drain(held);
      return true;
    },
    serve(channel, peer) {
      const lane: Lane = openLane(
        channel,
        {
          memory,
          translation,
          apply: parts.apply,
          limits,
          nowMs: () => clock.nowMs(),
          defer: ports.defer ?? setImmediate,
          attach: (fields) => attach(peer, fields),
          welcome,
          metrics,
          refused(reason) {
            log.warn('memory.frame-refused', { peer, reason });
            metrics.count('memory_frames_refused_total', 1, { reason });
          },
        },
        () => lanes.delete(lane),
      );
      lanes.add(lane);
      return () => lane.close();
    },
    usage() {
      let lentBytes = 0;
      for (const { mapping } of regions.values()) lentBytes += mapping.sizeBytes;
      return { regions: regions.size, lentBytes, grants: grants.size };
    },
  };
}
