import { expect, test } from 'vitest';
import { createChainCheck, publicKeysOf } from '../src/ca/index.ts';
import { suiteFor } from '../src/index.ts';
import { signBundle, signerId, verifyBundle } from '../src/sign/index.ts';
import { decodeCertificate } from '../src/x509/index.ts';
import { createHierarchy } from './authority-fixture.ts';

const content = new TextEncoder().encode('the bytes of a package');
const signer = {
  ed25519: await suiteFor('ed25519').generate(),
  falcon1024: await suiteFor('falcon-1024-r3').generate(),
};
const id = signerId({ ed25519: signer.ed25519.publicKey, falcon1024: signer.falcon1024.publicKey });
const { root, online, onlineKeys, node, nodeKeys, nodeId, clock } = await createHierarchy(21);
const issued = await online.issueSignerCertificate({ signerId: id, publicKeys: publicKeysOf(nodeKeys) });
const derOf = (pem: string) => {
  const decoded = decodeCertificate(pem);
  if (!decoded.ok) throw new Error(decoded.detail);
  return decoded.certificate.der;
};
const chain = createChainCheck({ roots: [root.rootPem] });

async function outcome(pems: readonly string[], signedAtMs = clock.nowMs(), check = chain) {
  const bundle = await signBundle({
    content,
    type: 'text/plain',
    signer,
    signedAtMs,
    chain: pems.map(derOf),
  });
  const verdict = await verifyBundle(bundle, content, { chain: check });
  return verdict.ok ? 'ok' : verdict.reason;
}

test('a bundle whose signer the mesh certified verifies offline by the root alone', async () => {
  expect(await outcome(issued.chainPem)).toBe('ok');
});

test('a chain for another purpose, signer, time, domain or root is refused by name', async () => {
  const other = await online.issueSignerCertificate({
    signerId: nodeId,
    publicKeys: publicKeysOf(onlineKeys),
  });
  const elsewhere = createChainCheck({ roots: [(await createHierarchy(22)).root.rootPem] });
  const otherDomain = createChainCheck({ roots: [root.rootPem], trustDomain: 'other.example' });
  const list = await online.issueRevocationList({
    number: 1n,
    revoked: [{ serial: issued.certificate.serial, atMs: clock.nowMs() }],
  });
  const revoking = createChainCheck({ roots: [root.rootPem], crls: [list.der] });
  const now = clock.nowMs();
  expect([
    await outcome(node.chainPem),
    await outcome(other.chainPem),
    await outcome(issued.chainPem.slice(0, 1)),
    await outcome(issued.chainPem, now + 31 * 86_400_000),
    await outcome(issued.chainPem, now, otherDomain),
    await outcome(issued.chainPem, now, elsewhere),
    await outcome(issued.chainPem, now, revoking),
    await outcome([]),
  ]).toEqual([
    'chain-refused: wrong-purpose',
    'chain-refused: name-mismatch',
    'chain-refused: unknown-issuer',
    'chain-refused: expired',
    'chain-refused: name-mismatch',
    'chain-refused: bad-signature',
    'chain-refused: revoked',
    'missing',
  ]);
});
