import { type ContentRoot, concatBytes, type NodeId, type Verdict } from '@hypermesh/core';
import { decodePackageRecord, MAX_RECORD_BYTES, type PackageRecord } from '../document/record.ts';
import type { CheckName } from '../errors.ts';
import type { ArtifactSigner, CallOptions, CatalogPorts } from '../ports.ts';
import type { Release } from './registry.ts';
import { judgeSigners, type SigningPolicy } from './signing-policy.ts';

/** A release whose record was fetched and found to be what was signed, by whom the policy asks for. */
export interface VerifiedRelease {
  readonly release: Release;
  readonly record: PackageRecord;
  /** Every signature under the record, and the nodes that made them. */
  readonly signers: readonly ArtifactSigner[];
  readonly signedBy: readonly NodeId[];
  /** Bytes of record and bundles that came over the network for this. */
  readonly moved: number;
}

/** What came of checking a release: which check failed and why. */
export type ReleaseVerdict =
  | { readonly ok: true; readonly verified: VerifiedRelease }
  | { readonly ok: false; readonly check: CheckName; readonly reason: string };

/** Checks releases; a release that held is not checked twice. */
export interface Verifier {
  /** Fetches the record and the bundles where they are not here. Rejects where they cannot be had. */
  verify(release: Release, options?: CallOptions): Promise<ReleaseVerdict>;
}

/** Largest signature bundle that is read: bytes. */
const maxBundleBytes = 256 * 1024;
const mostRemembered = 4096;

/** Checks records against the index: digest, every signature with its chain and log proof, and the policy on signers. */
export function createVerifier(
  ports: Pick<CatalogPorts, 'content' | 'artifacts'>,
  policy: SigningPolicy,
): Verifier {
  const { content, artifacts } = ports;
  const held = new Map<string, VerifiedRelease>();

  async function load(root: ContentRoot, maxBytes: number, from: NodeId, options: CallOptions) {
    const { moved } = await content.fetch(root, { ...options, maxBytes, from: [from] });
    return { moved, bytes: await readAll(content.get(root, options)) };
  }

  async function check(release: Release, options: CallOptions): Promise<ReleaseVerdict> {
    const { record: entry, publisher } = release;
    const parts = await Promise.all([
      load(entry.record, MAX_RECORD_BYTES, publisher, options),
      ...entry.bundles.map((root) => load(root, maxBundleBytes, publisher, options)),
    ]);
    const [{ bytes }, ...bundles] = parts;
    const decoded = decodePackageRecord(bytes);
    if (!decoded.ok) return { ok: false, check: 'record', reason: decoded.reason };
    const { record, digest } = decoded;
    const difference = differenceOf(release, record, digest);
    if (difference !== undefined) return { ok: false, check: 'record', reason: difference };
    const signers: ArtifactSigner[] = [];
    const signedBy: NodeId[] = [];
    for (const bundle of bundles) {
      const verdict: Verdict<{ publisher: NodeId; signers: readonly ArtifactSigner[] }> =
        await artifacts.verify(bundle.bytes, bytes);
      if (!verdict.ok) return { ok: false, check: 'signature', reason: verdict.reason };
      signers.push(...verdict.signers);
      signedBy.push(verdict.publisher);
    }
    const judged = judgeSigners(policy, record.name, publisher, signedBy);
    if (!judged.ok) {
      const reason = judged.detail === undefined ? judged.reason : `${judged.reason}: ${judged.detail}`;
      return { ok: false, check: 'signers', reason };
    }
    const moved = parts.reduce((sum, part) => sum + part.moved, 0);
    return { ok: true, verified: { release, record, signers, signedBy, moved } };
  }

  return {
    async verify(release, options = {}) {
      // The bundles are part of the name: a release that comes with other signatures is another one to check.
      const { digest, record, bundles } = release.record;
      const name = [release.publisher, digest, record, ...bundles].join(' ');
      const known = held.get(name);
      if (known !== undefined) {
        // What the index says beside them is not: another entry may name the same record under another version.
        const difference = differenceOf(release, known.record, digest);
        if (difference !== undefined) return { ok: false, check: 'record', reason: difference };
        return { ok: true, verified: { ...known, release, moved: 0 } };
      }
      const verdict = await check(release, options);
      if (!verdict.ok) return verdict;
      if (held.size >= mostRemembered) held.delete(held.keys().next().value ?? '');
      held.set(name, verdict.verified);
      return verdict;
    },
  };
}

/** In which field the record is not the one that the index names. */
function differenceOf({ record: entry }: Release, record: PackageRecord, digest: string): string | undefined {
  if (digest !== entry.digest) return 'another-digest';
  const different = (['name', 'version', 'type', 'bytes'] as const).find(
    (field) => record[field] !== entry[field],
  );
  if (different !== undefined) return `another-${different}`;
  return record.root === entry.content ? undefined : 'another-content';
}

/** All bytes of a stream that is known to be small. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return concatBytes(...parts);
}
