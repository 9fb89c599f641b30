import { nodeIdOf } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createCertificateAuthority, generateCertificateKeys, publicKeysOf } from '@hypermesh/trustchain/ca';
import { createLogView, type LogProof, openLog, verifyLogProof } from '@hypermesh/trustchain/log';
import { type Certificate, decodeCertificate, fingerprint, verifyChain } from '@hypermesh/trustchain/x509';

/** What a holder shows: the certificate, and where it is in the log. */
export interface Shown {
  readonly der: Uint8Array;
  readonly proof: LogProof;
}

/** An authority that gives nothing out before it is in the log. The folder keeps the log; one process at a time. */
export async function openAuthority(folder: string, commonName = 'Example root') {
  const ports = { clock: systemClock, random: systemRandom };
  const ca = await createCertificateAuthority({ commonName, keys: await generateCertificateKeys() }, ports);
  const signer = createSigner(generateKey().secretKey);
  const log = await openLog({ directory: folder, origin: 'ca.example/log', signer });
  const certificateFor = async (host: string): Promise<Certificate> => {
    const keys = await generateCertificateKeys();
    const nodeId = nodeIdOf(generateKey().publicKey);
    const request = { nodeId, publicKeys: publicKeysOf(keys), dnsNames: [host] };
    return (await ca.issueNodeCertificate(request)).certificate;
  };
  return {
    /** What everybody who is to check certificates needs, and nothing more. */
    trust: { root: ca.rootPem, logKey: log.verifierKey },
    log,
    async issue(host: string): Promise<Shown> {
      const { der } = await certificateFor(host);
      const { index } = await log.append(der);
      return { der, proof: log.prove(index) };
    },
    /** What an authority does that somebody bribed or broke into: a good certificate that nobody can find. */
    issueInSecret: async (host: string): Promise<Uint8Array> => (await certificateFor(host)).der,
    [Symbol.asyncDispose]: () => log.close(),
  };
}

/** Whether a certificate counts: its chain is good for the host, and it is in the log for everybody to see. */
export function accept(
  { der, proof }: { readonly der: Uint8Array; readonly proof?: LogProof | undefined },
  host: string,
  trust: { readonly root: string; readonly logKey: string },
): { readonly ok: true; readonly index: number } | { readonly ok: false; readonly reason: string } {
  const chain = verifyChain(der, { roots: [trust.root], host, requirePq: true, timeMs: Date.now() });
  if (!chain.ok) return { ok: false, reason: chain.reason };
  if (proof === undefined) return { ok: false, reason: 'not-logged' };
  const logged = verifyLogProof(der, proof, trust.logKey);
  return logged.ok ? { ok: true, index: proof.leafIndex } : { ok: false, reason: logged.reason };
}

/** Watches a log: reads all of it, and notices when it takes something back. Answers whom it certified. */
export async function monitor(
  log: Awaited<ReturnType<typeof openAuthority>>['log'],
  view = createLogView(
    { verifierKey: log.verifierKey },
    { consistencyProof: async (from, to) => log.consistencyProof(from, to) },
  ),
) {
  const { verdict } = await view.observe(log.checkpoint);
  if (verdict !== 'consistent') throw new Error(`the log is ${verdict}`);
  const certified: string[] = [];
  for (let index = 0; index < log.size; index += 1) {
    const decoded = decodeCertificate(await log.entry(index));
    if (!decoded.ok) continue;
    const names = (decoded.certificate.subjectAltNames ?? []).flatMap((each) =>
      each.kind === 'dns' ? [each.value] : [],
    );
    certified.push(`${names.join(', ')} ${fingerprint(decoded.certificate).slice(0, 20)}…`);
  }
  return { view, certified };
}
