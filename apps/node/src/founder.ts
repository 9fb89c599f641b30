import { type Clock, type Log, type Metrics, type NodeId, silentMetrics } from '@hypermesh/core';
import { createSigner, type Ed25519Signer } from '@hypermesh/core/ed25519';
import { systemRandom } from '@hypermesh/core/node';
import type { StoqNode } from '@hypermesh/stoq';
import { openCertificateAuthority } from '@hypermesh/trustchain/ca';
import type { Certificate } from '@hypermesh/trustchain/x509';
import { unlessAborted } from './abort.ts';
import {
  type LocalTransparency,
  openTransparency,
  serveLogPages,
  serveTransparency,
} from './adapters/transparency.ts';
import type { DataDirectory } from './data-directory.ts';
import { loadAuthorityKeys, readChain } from './identity.ts';
import { type CertificateRequest, issueNodeChain, serveAuthority } from './mesh/authority.ts';
import { type FoundGenesis, openFounding } from './mesh/founding.ts';
import type { Invitation } from './mesh/invitation.ts';

/** What the node that founded a mesh does beyond others: it certifies, logs, and makes the genesis. */
export interface Founder extends AsyncDisposable {
  readonly transparency: LocalTransparency;
  /** Signs as the mesh's authority: the key that signs its log. */
  readonly signer: Ed25519Signer;
  /** Answers those who join, renew, ask for the genesis, or log. */
  serve(stoq: StoqNode, ports: { readonly clock: Clock; readonly log: Log }): () => void;
  invitations(node: NodeId, addresses: readonly string[]): readonly Invitation[];
  /** Certifies this node itself. */
  certify(request: CertificateRequest): Promise<readonly Certificate[]>;
  /** Why the log takes nothing now, in words. */
  logProblem(): string | undefined;
  /** Resolves with the genesis when the last founding member has joined. */
  genesis(signal: AbortSignal): Promise<FoundGenesis>;
}

/** Name of the mesh's log in its checkpoints. */
const logOrigin = 'hypermesh.online/log';

/** Opens the founder's part of a data directory; undefined where this node founded nothing. */
export async function openFounder(
  directory: DataDirectory,
  passphrase: string,
  clock: Clock,
  metrics: Metrics = silentMetrics,
): Promise<Founder | undefined> {
  const founding = openFounding(directory, clock);
  if (founding === undefined) return undefined;
  const keys = await loadAuthorityKeys(directory, passphrase);
  const authority = await openCertificateAuthority(
    { chain: readChain(directory.authority), keys: keys.certificate },
    { clock, random: systemRandom },
  );
  const transparency = await openTransparency(directory.log, logOrigin, keys.log, metrics);
  const { verifierKey: logKey } = transparency;
  const completed = Promise.withResolvers<void>();
  if (founding.members().length === founding.wanted) completed.resolve();

  const recordCertificate = async (certificate: Certificate) => {
    await transparency.append(certificate.der);
    metrics.count('trust_certificates_issued_total');
  };
  return {
    transparency,
    signer: createSigner(keys.log.secretKey),
    invitations: founding.invitations,
    certify: (request) => issueNodeChain(authority, request, recordCertificate),
    serve(stoq, ports) {
      const offAuthority = serveAuthority(stoq, {
        authority,
        founding,
        logKey,
        completed,
        recordCertificate,
        ...ports,
      });
      const offLog = serveTransparency(stoq, transparency, ports.clock);
      const offPages = serveLogPages(stoq, transparency, ports.clock);
      return () => {
        offAuthority();
        offPages();
        offLog();
      };
    },
    logProblem: () => transparency.problem(),
    async genesis(signal) {
      await unlessAborted(completed.promise, signal);
      const made = founding.genesis(logKey);
      if (made === undefined) throw new TypeError('a founding completes with all its members');
      return made;
    },
    [Symbol.asyncDispose]: () => transparency[Symbol.asyncDispose](),
  };
}
