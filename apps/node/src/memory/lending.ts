import {
  type Clock,
  equalBytes,
  type Log,
  type Metrics,
  type NodeId,
  type Random,
  toHex,
} from '@hypermesh/core';
import { createSigner, verify } from '@hypermesh/core/ed25519';
import {
  covers,
  createMemoryServer,
  formatAddress,
  formatPrefix,
  type IssuedGrant,
  type MemoryServer,
  type Prefix,
  pageBytes,
  type Region,
} from '@hypermesh/proxy-nat';
import { type Refusal, refuse, type StoqNode } from '@hypermesh/stoq';
import { isEnrolling } from '../adapters/authenticator.ts';
import { stoqChannel } from '../adapters/stoq-channel.ts';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';
import { handleForMembers } from '../mesh/members.ts';
import type { Tell } from '../movement.ts';
import type { MemoryEntries } from './entries.ts';
import type { MemoryClaims } from './ports.ts';
import { decodeTokenAsk, memoryStream, tokenRequest } from './protocol.ts';
import { formatRights } from './rights.ts';

/** A region as its lender sees it. Times are Unix milliseconds. */
export interface LentRegion {
  readonly address: string;
  /** The region as a prefix, `ADDRESS/LENGTH`. */
  readonly prefix: string;
  readonly sizeBytes: number;
  readonly expiresMs: number;
  /** Key of its entry in the ledger. */
  readonly export: string;
  readonly operation: string;
  readonly height: number;
}

/** A grant as its lender sees it. */
export interface GivenGrant {
  readonly grant: string;
  readonly address: string;
  readonly sizeBytes: number;
  readonly to: string;
  /** Letters: r, w, a. */
  readonly rights: string;
  readonly expiresMs: number;
  readonly isRevoked: boolean;
  readonly operation: string;
  readonly height: number;
}

/** The lending side of remote memory. */
export interface Lending extends AsyncDisposable {
  /** Claims room, maps it to a global address and exports it on the ledger with four proofs. */
  lend(
    request: { readonly sizeBytes: number; readonly forMs: number },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<LentRegion>;
  /** Grants a member the use of a lent region; on the ledger, with four proofs. */
  grant(
    request: {
      readonly address: bigint;
      readonly to: NodeId;
      readonly rights: number;
      readonly forMs: number | undefined;
      readonly maxBytes: number | undefined;
      readonly maxOperations: number | undefined;
    },
    tell: Tell,
    signal: AbortSignal,
  ): Promise<GivenGrant>;
  /**
   * Ends a grant. From the call on new accesses fail; when it resolves what was under way has ended, and the revocation
   * is final on the ledger.
   */
  revoke(grant: string, tell: Tell, signal: AbortSignal): Promise<GivenGrant>;
  list(): { readonly regions: readonly LentRegion[]; readonly grants: readonly GivenGrant[] };
}

/** What the lending side works with. */
export interface LendingParts {
  readonly stoq: StoqNode;
  readonly ledger: LedgerService;
  readonly entries: MemoryEntries;
  readonly claims: MemoryClaims;
  readonly self: NodeId;
  readonly network: Prefix;
  readonly secretKey: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  nameOf(node: NodeId): string;
}

interface Lent {
  readonly region: Region;
  readonly facts: LentRegion;
  end(): Promise<void>;
}
interface Given {
  readonly issued: IssuedGrant;
  facts: GivenGrant;
}

/** What all regions of a node fit in. Pages that nobody has written take no memory; what may be lent is the claims' say. */
const arenaBytes = 256 * 1024 * 1024;

/** Lends memory of this node to other members. Regions live in this process: they end with it, and are zeroed before. */
export function openLending(parts: LendingParts): Lending {
  const { stoq, ledger, entries, claims, self, clock, log, nameOf } = parts;
  const lent = new Map<string, Lent>();
  const given = new Map<string, Given>();
  let server: MemoryServer | undefined;
  const home = (): MemoryServer => {
    server ??= createMemoryServer(
      { network: parts.network, home: self, arena: arenaBytes },
      {
        clock,
        random: parts.random,
        key: createSigner(parts.secretKey),
        verify,
        log,
        metrics: parts.metrics,
        authorize: (grant, peer) => {
          const found = entries.grant(grant.id);
          if (found?.isRevoked === true) return 'Revoked';
          const issued = given.get(grant.id)?.issued;
          const isFinal =
            found !== undefined && issued !== undefined && equalBytes(found.record, issued.record);
          return isFinal && found.grant.grantee === peer ? undefined : 'Protection';
        },
      },
    );
    return server;
  };

  const offFrames = stoq.handleMessages(memoryStream, (stream, peer) => {
    // Also where nothing was lent yet: a grant of an earlier life is answered with what it is.
    if (isEnrolling(peer.identity)) stream.abort();
    else home().serve(stoqChannel(stream), peer.id);
  });
  const offToken = handleForMembers(stoq, tokenRequest, (body, { member }): Uint8Array | Refusal => {
    const ask = decodeTokenAsk(body);
    if (!ask.ok) return refuse('malformed');
    const held = given.get(ask.grant);
    if (held === undefined || held.issued.grant.grantee !== member) return refuse('no-such-grant');
    // Of a revoked grant too: attaching with it says what it is.
    return held.issued.token;
  });

  function regionAt(address: bigint): Lent {
    for (const each of lent.values()) {
      const { region } = each;
      const length = 128 - Math.log2(region.sizeBytes);
      if (covers({ address: region.address, length }, address)) return each;
    }
    throw notFound(`a region at ${formatAddress(address)}`, 'hypermesh memory list shows what is lent');
  }

  async function lend(...[{ sizeBytes, forMs }, tell, signal]: Parameters<Lending['lend']>) {
    const claim = await claims.claim(blockOf(sizeBytes), forMs);
    let region: Region | undefined;
    try {
      region = home().lend({ sizeBytes, expiresMs: clock.nowMs() + forMs });
      const address = formatAddress(region.address);
      // Whoever could guess the key might take it first, and the export would be refused.
      const key = `${address}@${toHex(parts.random.bytes(16))}`;
      tell('proving space, time, work and stake, and ordering the export');
      const final = await ledger.act('memory.export', { key, value: region.mapping }, signal);
      const facts: LentRegion = {
        address,
        prefix: formatPrefix({ address: region.address, length: 128 - Math.log2(region.sizeBytes) }),
        sizeBytes: region.sizeBytes,
        expiresMs: region.expiresMs,
        export: key,
        operation: final.id,
        height: final.height,
      };
      const open = region;
      const cancel = clock.schedule(forMs, () => {
        end().catch((error: unknown) => log.error('memory.end-failed', { message: String(error) }));
      });
      const end = async () => {
        cancel();
        if (!lent.delete(key)) return;
        await open.close();
        await claim.release();
        log.info('memory.ended', { address });
      };
      lent.set(key, { region, facts, end });
      log.info('memory.lent', { address, sizeBytes: region.sizeBytes });
      return facts;
    } catch (error) {
      await region?.close();
      await claim.release();
      throw error;
    }
  }

  async function grant(...[request, tell, signal]: Parameters<Lending['grant']>) {
    const { region, facts: lentAs } = regionAt(request.address);
    const { rights, maxBytes, maxOperations, forMs } = request;
    const issued = region.grant({
      grantee: request.to,
      rights,
      ...(forMs === undefined ? {} : { expiresMs: clock.nowMs() + forMs }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(maxOperations === undefined ? {} : { maxOperations }),
    });
    const { id } = issued.grant;
    tell('proving space, time, work and stake, and ordering the grant');
    const body = { key: id, export: lentAs.export, value: issued.record };
    try {
      const final = await ledger.act('memory.grant', body, signal);
      const facts: GivenGrant = {
        grant: id,
        address: lentAs.address,
        sizeBytes: region.sizeBytes,
        to: nameOf(request.to),
        rights: formatRights(issued.grant.rights),
        expiresMs: issued.grant.expiresMs,
        isRevoked: false,
        operation: final.id,
        height: final.height,
      };
      given.set(id, { issued, facts });
      log.info('memory.granted', { grant: id, to: request.to });
      return facts;
    } catch (error) {
      await server?.revoke(id);
      throw error;
    }
  }

  /** A grant of an earlier life of this node: its region is gone, its entry stands until it is revoked. */
  function earlier(id: string): { facts: GivenGrant } | undefined {
    const found = entries.grant(id);
    if (found === undefined || found.home !== self) return undefined;
    const { grant: stated, isRevoked } = found;
    const facts: GivenGrant = {
      grant: id,
      address: formatAddress(stated.address),
      sizeBytes: stated.sizeBytes,
      to: nameOf(stated.grantee as NodeId),
      rights: formatRights(stated.rights),
      expiresMs: stated.expiresMs,
      isRevoked,
      operation: '',
      height: 0,
    };
    return { facts };
  }

  async function revoke(...[id, tell, signal]: Parameters<Lending['revoke']>) {
    const held = given.get(id) ?? earlier(id);
    if (held === undefined)
      throw notFound(`a grant ${id} of this node`, 'hypermesh memory list shows the grants');
    // First what protects the memory, whatever the ledger does.
    await server?.revoke(id);
    held.facts = { ...held.facts, isRevoked: true };
    log.info('memory.revoked', { grant: id });
    tell('nothing succeeds under it any more; ordering the revocation');
    const final = await ledger.act('memory.revoke', { key: id, value: null }, signal);
    held.facts = { ...held.facts, operation: final.id, height: final.height };
    return held.facts;
  }

  return {
    lend,
    grant,
    revoke,
    list: () => ({
      regions: [...lent.values()].map(({ facts }) => facts),
      grants: [...given.values()].map(({ facts }) => facts),
    }),
    async [Symbol.asyncDispose]() {
      offFrames();
      offToken();
      await Promise.all([...lent.values()].map(({ end }) => end()));
    },
  };
}

/** What a region of so many bytes takes: a power of two, at least a page. */
const blockOf = (bytes: number): number => Math.max(pageBytes, 2 ** Math.ceil(Math.log2(bytes)));

function notFound(what: string, next: string): NodeError {
  return new NodeError({ code: 'node/not-found', what, next }, `There is no ${what}`);
}
