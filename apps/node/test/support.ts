import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, createReplaceable, type NodeId, nodeIdOf, type ReplaceableCell } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createMemoryNetwork, createStoq, type MemoryNetwork, type StoqNode } from '@hypermesh/stoq';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  generateCertificateKeys,
  openCertificateAuthority,
  publicKeysOf,
} from '@hypermesh/trustchain/ca';
import type { KeyPair } from '@hypermesh/trustchain/suite';
import { type Certificate, decodeCertificate } from '@hypermesh/trustchain/x509';
import { certificateAuthenticator, enrollingAuthenticator } from '../src/adapters/authenticator.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import { NodeError, type NodeFailure } from '../src/errors.ts';
import type { Credentials } from '../src/identity.ts';
import { certificateNames } from '../src/mesh/authority.ts';

/** A data directory that goes with the test. */
export function temporaryDirectory(): DataDirectory & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'hm-'));
  return {
    ...dataDirectory(join(path, 'node')),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** What a call that has to fail fails with. */
export async function failureOf(attempt: () => unknown): Promise<NodeFailure & { message: string }> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof NodeError) return { ...error.failure, message: error.message };
    throw error;
  }
  throw new Error('it did not fail');
}

/** A root and its online intermediate, as `init` makes them. */
export interface TestAuthority {
  readonly authority: CertificateAuthority;
  readonly root: string;
  readonly chain: readonly Certificate[];
}

export async function createTestAuthority(clock: Clock = systemClock): Promise<TestAuthority> {
  const ports = { clock, random: systemRandom };
  const [rootKeys, keys] = await Promise.all([generateCertificateKeys(), generateCertificateKeys()]);
  const root = await createCertificateAuthority({ commonName: 'test root', keys: rootKeys }, ports);
  const { chainPem } = await root.issueIntermediate({
    commonName: 'test authority',
    publicKeys: publicKeysOf(keys),
  });
  const pem = [...chainPem, root.rootPem];
  const authority = await openCertificateAuthority({ chain: pem, keys }, ports);
  return { authority, root: root.rootFingerprint, chain: pem.map(certificateIn) };
}

export function certificateIn(pem: string): Certificate {
  const decoded = decodeCertificate(pem);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.certificate;
}

/** A node that an authority certified. */
export interface TestIdentity {
  readonly key: KeyPair;
  readonly nodeId: NodeId;
  readonly root: string;
  readonly credentials: ReplaceableCell<Credentials>;
}

export async function certify(
  { authority, root, chain }: TestAuthority,
  options: { readonly key?: KeyPair; readonly nodeId?: NodeId; readonly lifetimeMs?: number } = {},
): Promise<TestIdentity> {
  const keys = await generateCertificateKeys();
  const key = options.key ?? generateKey();
  const nodeId = options.nodeId ?? nodeIdOf(key.publicKey);
  const { certificate } = await authority.issueNodeCertificate({
    nodeId,
    publicKeys: publicKeysOf(keys),
    ...certificateNames,
    ...(options.lifetimeMs === undefined ? {} : { lifetimeMs: options.lifetimeMs }),
  });
  return { key, nodeId, root, credentials: createReplaceable({ chain: [certificate, ...chain], keys }) };
}

/** A STOQ node of a certified identity on an in-memory network. */
export function memoryNode(
  network: MemoryNetwork,
  name: string,
  identity: TestIdentity,
  options: { readonly admitEnrolling?: boolean } = {},
): Promise<StoqNode> {
  const { admitEnrolling = false } = options;
  return createStoq({
    auth: certificateAuthenticator({
      credentials: identity.credentials,
      pinnedRoot: identity.root,
      admitEnrolling,
      clock: systemClock,
    }),
    carriers: [network.carrier()],
    listen: [`memory://${name}`],
  });
}

/** A machine that has no certificate yet on an in-memory network. */
export function enrollingNode(network: MemoryNetwork, root: string, key = generateKey()): Promise<StoqNode> {
  return createStoq({
    auth: enrollingAuthenticator(key, root, systemClock),
    carriers: [network.carrier()],
  });
}

/** Waits for something that becomes true without an event of its own. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export { createMemoryNetwork };
