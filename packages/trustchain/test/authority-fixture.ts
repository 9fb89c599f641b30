import { nodeIdOf } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';
import {
  createCertificateAuthority,
  generateCertificateKeys,
  openCertificateAuthority,
  publicKeysOf,
} from '../src/ca/index.ts';

/** A root, an online intermediate under it, and one node's certificate, all from a seed and on a manual clock. */
export async function createHierarchy(seed = 1, startMs: number = Date.UTC(2026, 5, 1)) {
  const clock = createManualClock(startMs);
  const random = createSeededRandom(seed);
  const ports = { clock, random };
  const rootKeys = await generateCertificateKeys(random);
  const root = await createCertificateAuthority({ commonName: 'Mesh root', keys: rootKeys }, ports);
  const onlineKeys = await generateCertificateKeys(random);
  const issued = await root.issueIntermediate({
    commonName: 'Mesh online',
    publicKeys: publicKeysOf(onlineKeys),
  });
  const online = await openCertificateAuthority(
    { chain: [issued.pem, root.rootPem], keys: onlineKeys },
    ports,
  );
  const identity = generateKey(random.bytes(32));
  const nodeId = nodeIdOf(identity.publicKey);
  const nodeKeys = await generateCertificateKeys(random);
  const node = await online.issueNodeCertificate({
    nodeId,
    publicKeys: publicKeysOf(nodeKeys),
    dnsNames: ['localhost'],
    addresses: ['::1'],
  });
  const trust = { roots: [root.rootPem], intermediates: [issued.pem], timeMs: clock.nowMs() };
  return {
    clock,
    random,
    ports,
    root,
    rootKeys,
    online,
    onlineKeys,
    identity,
    nodeId,
    nodeKeys,
    node,
    trust,
  };
}
