import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ContentRoot, type Log, type NodeId, nodeIdOf, sha256, toHex } from '@hypermesh/core';
import type { Peer } from '@hypermesh/stoq';
import { type ContentStore, fetchContent, publish, readContent } from '@hypermesh/stoq/content';
import semver from 'semver';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';
import type { Peers } from '../mesh/peers.ts';
import type { Tell } from '../run/ports.ts';
import {
  decodePackageDocument,
  documentFault,
  encodePackageDocument,
  type PackageDocument,
} from './document.ts';
import { readManifest } from './manifest.ts';
import type { ArtifactSigner, Artifacts } from './ports.ts';

/** What publishing answers; digests are hex. */
export interface PublishResult {
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the package document's canonical bytes. */
  readonly digest: string;
  readonly document: ContentRoot;
  readonly bytes: number;
  readonly signers: readonly ArtifactSigner[];
  readonly logIndex: number;
  readonly operation: string;
  readonly height: number;
  readonly provingMs: number;
  readonly finalityMs: number;
}

/** What installing answers. */
export interface InstallResult {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly bytes: number;
  readonly bytesMoved: number;
  readonly signers: readonly ArtifactSigner[];
  readonly publisher: NodeId;
  /** Name of the member that the bytes came from. */
  readonly from: string;
  readonly carrier: string;
  readonly kem: string;
  readonly operation: string;
  readonly height: number;
}

/** A package that is on this node, verified. */
export interface PackageOnNode {
  readonly key: string;
  readonly document: PackageDocument;
  readonly documentRoot: ContentRoot;
  readonly digest: string;
  readonly publisher: NodeId;
  readonly signers: readonly ArtifactSigner[];
  readonly bytes: number;
  readonly bytesMoved: number;
  /** The session that the bytes came over; undefined where nothing had to be moved. */
  readonly source: Peer | undefined;
}

/** What the ledger keeps of a published package. */
export interface PackageRecord {
  readonly document: ContentRoot;
  readonly bundle: ContentRoot;
  readonly digest: string;
  readonly bytes: number;
  readonly publisher: NodeId;
}

/** Packages on this node: publishing them, finding them on the ledger, bringing them here. */
export interface PackageService {
  publish(folder: string, tell: Tell, signal: AbortSignal): Promise<PublishResult>;
  install(spec: string, tell: Tell, signal: AbortSignal): Promise<InstallResult>;
  versions(name: string): readonly string[];
  /** The newest version on the ledger that `NAME[@RANGE]` allows. Throws `node/not-found`. */
  resolve(spec: string): { readonly key: string; readonly record: PackageRecord };
  /** Brings a package here if it is not, and verifies it whole. Throws `node/refused` where any check fails. */
  obtain(key: string, tell: Tell, signal: AbortSignal): Promise<PackageOnNode>;
  /** Reads one file of a package that is here. */
  readFile(document: PackageDocument, path: string): Promise<Uint8Array>;
}

/** Largest package document, and the largest package, that this node takes: bytes. */
const maxDocumentBytes = 1024 * 1024;
const maxPackageBytes = 1024 * 1024 * 1024;

/** Publishes and installs packages over one node's ledger, sessions and content store. */
export function createPackageService(parts: {
  readonly ledger: LedgerService;
  readonly peers: Peers;
  readonly store: ContentStore;
  readonly artifacts: Artifacts;
  readonly self: NodeId;
  readonly log: Log;
  nameOf(node: NodeId): string;
}): PackageService {
  const { ledger, peers, store, artifacts, self, log, nameOf } = parts;

  function recordOf(key: string): PackageRecord | undefined {
    const entry = ledger.ledger.get(`package/${key}`) as
      | { owner: Uint8Array; value: Record<string, unknown> }
      | undefined;
    if (entry === undefined) return undefined;
    const { document, bundle, digest, bytes } = entry.value;
    if (typeof document !== 'string' || typeof bundle !== 'string' || typeof digest !== 'string')
      return undefined;
    return {
      document: document as ContentRoot,
      bundle: bundle as ContentRoot,
      digest,
      bytes: Number(bytes),
      publisher: nodeIdOf(entry.owner),
    };
  }

  function versions(name: string): string[] {
    const prefix = `package/${name}@`;
    return [...ledger.ledger.entries(prefix)].map(([key]) => key.slice(prefix.length));
  }

  function resolve(spec: string) {
    const at = spec.indexOf('@', 1);
    const name = at === -1 ? spec : spec.slice(0, at);
    const range = at === -1 ? '*' : spec.slice(at + 1);
    if (semver.validRange(range) === null) {
      throw notFound(spec, `${JSON.stringify(range)} is no version range; try ${name}@^1.0.0`);
    }
    const known = versions(name);
    const version = semver.maxSatisfying(known, range);
    const record = version === null ? undefined : recordOf(`${name}@${version}`);
    if (record === undefined) {
      throw notFound(
        spec,
        known.length === 0 ? `nobody published ${name}` : `published versions: ${known.join(', ')}`,
      );
    }
    return { key: `${name}@${version}`, record };
  }

  async function read(root: ContentRoot, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of readContent(store, root)) {
      length += part.length;
      if (length > maxBytes) throw refused(self, `${root} is larger than ${maxBytes} bytes`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /** Fetches one content root from the publisher, unless it is here; answers the bytes moved. */
  async function fetchRoot(root: ContentRoot, provider: NodeId, maxBytes: number, signal: AbortSignal) {
    if ((await store.manifest(root)) !== undefined) return { moved: 0, source: undefined };
    const source = await peers.sessionWith(provider, signal);
    const fetched = await fetchContent(source, root, store, { signal, maxBytes });
    if (!fetched.ok) throw refused(provider, `${root}: ${fetched.reason}`);
    return { moved: fetched.size, source };
  }

  async function obtain(key: string, tell: Tell, signal: AbortSignal): Promise<PackageOnNode> {
    const record = recordOf(key);
    if (record === undefined) throw notFound(key, 'nobody published it');
    const { publisher } = record;
    let bytesMoved = 0;
    let source: Peer | undefined;
    const fetch = async (root: ContentRoot, maxBytes: number) => {
      const got = await fetchRoot(root, publisher, maxBytes, signal);
      bytesMoved += got.moved;
      source ??= got.source;
    };
    tell(`fetching the document of ${key}`);
    await fetch(record.document, maxDocumentBytes);
    await fetch(record.bundle, maxDocumentBytes);
    const documentBytes = await read(record.document, maxDocumentBytes);
    const digest = toHex(sha256(documentBytes));
    if (digest !== record.digest)
      throw refused(publisher, `the document of ${key} is not the one on the ledger`);
    const verdict = await artifacts.verify(await read(record.bundle, maxDocumentBytes), documentBytes);
    if (!verdict.ok) throw refused(publisher, `the signature of ${key} fails: ${verdict.reason}`);
    if (verdict.publisher !== publisher) throw refused(publisher, `${key} is signed by ${verdict.publisher}`);
    const decoded = decodePackageDocument(documentBytes);
    if (!decoded.ok) throw refused(publisher, `the document of ${key}: ${decoded.reason}`);
    const { document } = decoded;
    if (`${document.name}@${document.version}` !== key)
      throw refused(publisher, `${key} calls itself otherwise`);
    const bytes = packageBytes(document);
    if (bytes > maxPackageBytes) throw refused(self, `${key} is larger than ${maxPackageBytes} bytes`);
    for (const file of document.files) {
      tell(`fetching ${file.path} of ${key}, ${file.size} bytes`);
      await fetch(file.root, Number(file.size));
    }
    log.info('package.obtained', { key, bytesMoved });
    const { signers } = verdict;
    return {
      key,
      document,
      documentRoot: record.document,
      digest,
      publisher,
      signers,
      bytes,
      bytesMoved,
      source,
    };
  }

  return {
    versions,
    resolve,
    obtain,
    async readFile(document, path) {
      const file = document.files.find((candidate) => candidate.path === path);
      if (file === undefined)
        throw notFound(path, `it is not a file of ${document.name}@${document.version}`);
      return await read(file.root, Number(file.size));
    },

    async publish(folder, tell, signal) {
      const manifest = readManifest(folder);
      const key = `${manifest.name}@${manifest.version}`;
      if (recordOf(key) !== undefined) {
        throw new NodeError(
          {
            code: 'node/bad-package',
            reason: 'exists',
            next: 'publish under the next version: a version never changes',
          },
          `${key} is published already`,
        );
      }
      const files: PackageDocument['files'][number][] = [];
      for (const path of manifest.files) {
        const absolute = join(folder, path);
        checkFile(absolute, path);
        tell(`chunking ${path}`);
        const { root, size } = await publish(store, createReadStream(absolute), {
          profile: 'package',
          signal,
        });
        files.push({ path, size: BigInt(size), root });
      }
      const document: PackageDocument = {
        v: 1,
        name: manifest.name,
        version: manifest.version,
        program: manifest.program,
        files,
      };
      const fault = documentFault(document);
      if (fault !== undefined) {
        throw new NodeError(
          { code: 'node/bad-package', reason: fault, next: `correct ${join(folder, 'hypermesh.json')}` },
          fault,
        );
      }
      const bytes = packageBytes(document);
      if (bytes > maxPackageBytes) {
        const reason = `larger than ${maxPackageBytes} bytes`;
        throw new NodeError(
          { code: 'node/bad-package', reason, next: 'publish it in parts' },
          `${key} is ${reason}`,
        );
      }
      const documentBytes = encodePackageDocument(document);
      const { root: documentRoot } = await publish(store, documentBytes, { profile: 'package', signal });
      tell('signing with Ed25519 and Falcon-1024, logging');
      const { bundle, signers, logIndex } = await artifacts.sign(documentBytes, signal);
      const { root: bundleRoot } = await publish(store, bundle, { profile: 'package', signal });
      const digest = toHex(sha256(documentBytes));
      tell('proving space, time, work and stake, and ordering the record');
      const final = await ledger.act(
        'package.publish',
        { key, value: { document: documentRoot, bundle: bundleRoot, digest, bytes } },
        signal,
      );
      return {
        name: document.name,
        version: document.version,
        digest,
        document: documentRoot,
        bytes,
        signers,
        logIndex,
        operation: final.id,
        height: final.height,
        provingMs: Math.round(final.provingMs),
        finalityMs: Math.round(final.finalityMs),
      };
    },

    async install(spec, tell, signal) {
      const { key } = resolve(spec);
      const got = await obtain(key, tell, signal);
      tell('proving space, time, work and stake, and ordering the record');
      const final = await ledger.act('package.install', { key, value: { digest: got.digest } }, signal);
      const { document, digest, bytes, bytesMoved, signers, publisher, source } = got;
      return {
        name: document.name,
        version: document.version,
        digest,
        bytes,
        bytesMoved,
        signers,
        publisher,
        from: nameOf(publisher),
        carrier: source?.security.carrier ?? 'none',
        kem: source?.security.kem ?? 'none',
        operation: final.id,
        height: final.height,
      };
    },
  };
}

function packageBytes(document: PackageDocument): number {
  return Number(document.files.reduce((sum, { size }) => sum + size, 0n));
}

function checkFile(absolute: string, path: string): void {
  if (statSync(absolute, { throwIfNoEntry: false })?.isFile()) return;
  throw new NodeError(
    { code: 'node/bad-package', reason: 'missing file', next: `add ${absolute}, or take it out of files` },
    `The manifest lists ${path}, which is not a file`,
  );
}

function notFound(what: string, next: string): NodeError {
  return new NodeError({ code: 'node/not-found', what, next }, `There is no ${what}`);
}

function refused(by: string, reason: string): NodeError {
  return new NodeError({ code: 'node/refused', by, reason, next: 'nothing of it was installed' }, reason);
}
