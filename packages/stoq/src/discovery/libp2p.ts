import { quic } from '@chainsafe/libp2p-quic';
import { type ContentRoot, cidOfDigest, domainHash } from '@hypermesh/core';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { PeerId, Stream } from '@libp2p/interface';
import { kadDHT, passthroughMapper, type SingleKadDHT } from '@libp2p/kad-dht';
import { ping } from '@libp2p/ping';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import { CID } from 'multiformats/cid';
import { rootDigest } from '../content/manifest.ts';
import { StoqError } from '../errors.ts';
import { BoundedDatastore } from './bounded-datastore.ts';
import {
  ADDRESS_PROTOCOL,
  decodeAddresses,
  encodeAddresses,
  MAX_ADDRESSES_BYTES,
  type Provider,
} from './providers.ts';

/** How a discovery host is set. */
export interface DiscoveryOptions {
  /** 32 secret bytes: the same seed gives the same PeerId. */
  readonly seed: Uint8Array;
  /** Multiaddrs to bind; `/ip6/::1/udp/0/quic-v1` by default. */
  readonly listen?: readonly string[];
  /** Multiaddrs with `/p2p/…` of hosts to begin with; one that does not answer is passed over. */
  readonly bootstrap?: readonly string[];
  /** Where this node's STOQ listens, asked each time somebody wants to know. */
  readonly stoqAddresses: () => readonly string[];
}

/** Finds who provides content. Only roots of manifests are announced, never chunks. */
export interface Discovery extends AsyncDisposable {
  readonly peerId: string;
  /** Multiaddrs for others' `bootstrap`. */
  readonly addresses: readonly string[];
  /** Joins the network over one more host. Throws StoqError `stoq/unreachable`. */
  join(address: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Announces a root to the hosts nearest to it; repeated by the host itself until it closes. */
  provide(root: ContentRoot, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Providers other than this one, as they are found, each once; ends when the network knows no more or `signal` aborts. */
  findProviders(
    root: ContentRoot,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<Provider, void, undefined>;
  close(): Promise<void>;
}

const KAD_PROTOCOL = '/hypermesh/kad/1.0.0';
/** How long a provider may take to tell its addresses. */
const ADDRESS_MS = 3_000;

/**
 * Opens a libp2p host for discovery alone: QUIC over IPv6, identify, ping and a Kademlia table of our own protocol, in server mode.
 * STOQ's sessions do not run over it. Needs the main thread, as the QUIC carrier does.
 */
export async function libp2pDiscovery(options: DiscoveryOptions): Promise<Discovery> {
  if (options.seed.length !== 32) {
    throw new StoqError({ code: 'stoq/bad-argument', argument: 'seed', expected: '32 bytes' });
  }
  const privateKey = await generateKeyPairFromSeed('Ed25519', options.seed);
  const own = `/${privateKey.publicKey}`;
  const host = await createLibp2p({
    privateKey,
    datastore: new BoundedDatastore((key) => key.endsWith(own)),
    addresses: { listen: [...(options.listen ?? ['/ip6/::1/udp/0/quic-v1'])] },
    transports: [quic({ ipv4: false })],
    // Hosts of one machine or site dial each other at once when a mesh starts; libp2p's five a second would drop them.
    connectionManager: { inboundConnectionThreshold: 1_000 },
    services: {
      identify: identify({ protocolPrefix: 'hypermesh' }),
      ping: ping({ protocolPrefix: 'hypermesh' }),
      dht: kadDHT({ protocol: KAD_PROTOCOL, clientMode: false, peerInfoMapper: passthroughMapper }),
    },
  });
  await host.handle(ADDRESS_PROTOCOL, async (stream) => {
    stream.send(encodeAddresses(options.stoqAddresses()));
    await stream.close();
  });
  const discovery = new Libp2pDiscovery(host, host.services.dht as SingleKadDHT);
  await Promise.allSettled((options.bootstrap ?? []).map((address) => discovery.join(address)));
  return discovery;
}

class Libp2pDiscovery implements Discovery {
  readonly peerId: string;
  readonly #host: Libp2p;
  readonly #dht: SingleKadDHT;

  constructor(host: Libp2p, dht: SingleKadDHT) {
    this.#host = host;
    this.#dht = dht;
    this.peerId = host.peerId.toString();
  }

  get addresses(): readonly string[] {
    return this.#host.getMultiaddrs().map(String);
  }

  async join(address: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    try {
      const { remotePeer } = await this.#host.dial(multiaddr(address), signalled(signal));
      await this.#known(remotePeer, signal ?? AbortSignal.timeout(ADDRESS_MS));
    } catch (error) {
      throw new StoqError({ code: 'stoq/unreachable', address, detail: String(error) }, undefined, {
        cause: error,
      });
    }
  }

  async provide(root: ContentRoot, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    for await (const _step of this.#dht.provide(keyOf(root), signalled(signal))) signal?.throwIfAborted();
  }

  async *findProviders(
    root: ContentRoot,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Provider, void, undefined> {
    const seen = new Set<string>([this.peerId]);
    try {
      for await (const { id, multiaddrs } of this.#host.contentRouting.findProviders(
        keyOf(root),
        signalled(signal),
      )) {
        const peerId = id.toString();
        if (seen.has(peerId)) continue;
        seen.add(peerId);
        if (multiaddrs.length > 0) await this.#host.peerStore.merge(id, { multiaddrs });
        const stoq = await this.#addressesOf(id, signal);
        if (stoq !== undefined && stoq.length > 0) yield { peerId, stoq };
      }
    } catch (error) {
      // The end of a search that the caller called off.
      if (!signal?.aborted) throw error;
    }
  }

  async close(): Promise<void> {
    await this.#host.stop();
    endAddressTimer(this.#host);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves once the table holds the peer, which libp2p's own identification brings about after the connection. */
  async #known(peer: PeerId, signal: AbortSignal): Promise<void> {
    const table = this.#dht.routingTable as unknown as EventTarget & {
      find(peer: PeerId): Promise<PeerId | undefined>;
    };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAdd = (event: Event) => {
      if ((event as CustomEvent<PeerId>).detail.equals(peer)) resolve();
    };
    const onAbort = () => reject(new Error('the peer does not speak the discovery protocol'));
    table.addEventListener('peer:add', onAdd);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      if ((await table.find(peer)) === undefined) await promise;
    } finally {
      table.removeEventListener('peer:add', onAdd);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** What a provider says that it listens on; undefined for one that does not say, or says it wrongly. */
  async #addressesOf(peer: PeerId, signal: AbortSignal | undefined): Promise<readonly string[] | undefined> {
    const timeout = AbortSignal.timeout(ADDRESS_MS);
    const limit = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      const stream = await this.#host.dialProtocol(peer, ADDRESS_PROTOCOL, { signal: limit });
      return decodeAddresses(await readAll(stream, limit));
    } catch {
      // Records outlive their providers: one that cannot be asked is no provider now.
      return undefined;
    }
  }
}

/**
 * As its transports close, libp2p 3.3 plans to note its addresses a second later, and its stop leaves that timer: the
 * process would not end before.
 */
function endAddressTimer(host: Libp2p): void {
  const { components } = host as Libp2p & {
    readonly components?: {
      readonly addressManager?: { readonly _updatePeerStoreAddresses?: { stop?(): void } };
    };
  };
  components?.addressManager?._updatePeerStoreAddresses?.stop?.();
}

async function readAll(stream: Stream, signal: AbortSignal): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const onAbort = () => stream.abort(new Error('too late'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const bytes of stream) {
      size += bytes.byteLength;
      if (size > MAX_ADDRESSES_BYTES) throw new Error('too large');
      parts.push(bytes.subarray());
    }
    await stream.close();
    return Buffer.concat(parts);
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('failed'));
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * The table's key of a root. kad-dht's handlers read every key as a bare SHA-256 multihash and refuse others, so a root goes
 * by a hash of it; who does not know the root learns nothing from the key.
 */
function keyOf(root: ContentRoot): CID {
  const digest = rootDigest(root);
  if (digest === undefined) {
    throw new StoqError({ code: 'stoq/bad-argument', argument: 'root', expected: 'the root of a manifest' });
  }
  return CID.parse(cidOfDigest(domainHash('hypermesh/stoq/provider-key/v1', digest), 'raw', 'sha2-256'));
}

function signalled(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
