import { type Clock, type NodeId, nodeIdOf, sha256, toHex, type Verdict } from '@hypermesh/core';
import {
  attachLogProof,
  bundleLogEntry,
  signBundle,
  signerId,
  verifyBundle,
} from '@hypermesh/trustchain/sign';
import { decodeCertificate } from '@hypermesh/trustchain/x509';
import type { ArtifactSigner, Artifacts } from '../catalog/artifacts.ts';
import { NodeError } from '../errors.ts';
import { signerOf } from '../mesh/facts.ts';
import { verifyNodeChain } from '../mesh/node-chain.ts';
import type { Transparency } from '../mesh/transparency.ts';
import type { Phase2 } from '../phases.ts';

/** What the bytes of a package's document are, in signed statements. */
const documentType = 'application/vnd.hypermesh.package+cbor';

/**
 * Artifacts by TrustChain bundles: Ed25519 and Falcon-1024 over the bytes, the publisher's certificates, and a proof
 * from the mesh's log. To hold, the chain must have been valid under the pinned root when it was signed, its leaf
 * must name the node of the Ed25519 key, and both keys must be those that the mesh's facts list for that node.
 */
export function trustchainArtifacts(parts: {
  readonly phase: Phase2;
  readonly transparency: Transparency;
  readonly clock: Clock;
}): Artifacts {
  const { phase, transparency, clock } = parts;
  const { keys, credentials, pinnedRoot, facts, nodeId } = phase;
  const artifacts: Artifacts = {
    async sign(bytes, signal) {
      const bundle = await signBundle({
        content: bytes,
        type: documentType,
        signer: { ed25519: keys.ed25519, falcon1024: keys.falcon },
        signedAtMs: clock.nowMs(),
        chain: credentials.current().chain.map(({ der }) => der),
        signal,
      });
      const entry = bundleLogEntry(bundle);
      if (!entry.ok) throw new TypeError(`an own bundle does not decode: ${entry.reason}`);
      const { index, proof } = await transparency.append(entry.entry, signal);
      const logged = attachLogProof(bundle, proof);
      if (!logged.ok) throw new TypeError(`an own bundle does not decode: ${logged.reason}`);
      // The log belongs to somebody else: what it answers is looked at before anybody is shown it.
      const verdict = await artifacts.verify(logged.bytes, bytes);
      if (!verdict.ok) throw unusable(nodeId, verdict.reason);
      const signers = signersOf({ ed25519: keys.ed25519.publicKey, falcon1024: keys.falcon.publicKey });
      return { bundle: logged.bytes, signers, logIndex: index };
    },
    async verify(bundle, bytes) {
      const verdict = await verifyBundle(bundle, bytes, {
        logs: [facts.logKey],
        chain: {
          verifyChain: (chain, signer, signedAtMs) =>
            checkPublisher(chain, signer.keys.ed25519, signedAtMs, pinnedRoot),
        },
      });
      if (!verdict.ok) {
        const failed = verdict.checks.find((check) => check.verdict === 'failed');
        return {
          ok: false,
          reason: failed === undefined ? verdict.reason : `${failed.name}: ${verdict.reason}`,
        };
      }
      const { statement } = verdict;
      const publisher = nodeIdOf(statement.signer.ed25519);
      if (statement.subject.type !== documentType)
        return { ok: false, reason: `signed as ${statement.subject.type}` };
      if (signerOf(facts, publisher) !== signerId(statement.signer)) {
        return { ok: false, reason: 'the keys are not those that the mesh lists for its publisher' };
      }
      return { ok: true, publisher, signers: signersOf(statement.signer) };
    },
  };
  return artifacts;
}

function unusable(by: NodeId, reason: string): NodeError {
  return new NodeError(
    { code: 'node/refused', by, reason, next: 'see the log of the node that founded the mesh' },
    `What was signed here would be refused elsewhere: ${reason}`,
  );
}

function signersOf(keys: {
  readonly ed25519: Uint8Array;
  readonly falcon1024: Uint8Array;
}): readonly ArtifactSigner[] {
  return [
    { suite: 'ed25519', key: toHex(sha256(keys.ed25519)) },
    { suite: 'falcon-1024-r3', key: toHex(sha256(keys.falcon1024)) },
  ];
}

function checkPublisher(
  chain: readonly Uint8Array[],
  ed25519: Uint8Array,
  timeMs: number,
  pinnedRoot: string,
): Verdict<object, string> {
  const decoded = chain.map((der) => decodeCertificate(der));
  const certificates = decoded.flatMap((verdict) => (verdict.ok ? [verdict.certificate] : []));
  if (certificates.length < decoded.length) return { ok: false, reason: 'malformed' };
  const verdict = verifyNodeChain(certificates, { pinnedRoot, timeMs });
  if (!verdict.ok) return { ok: false, reason: verdict.reason };
  return verdict.node === nodeIdOf(ed25519) ? { ok: true } : { ok: false, reason: 'it names another node' };
}
