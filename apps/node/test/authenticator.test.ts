import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReplaceable, decodeRecord, encodeRecord, nodeIdOf, record, s } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { createStoq } from '@hypermesh/stoq';
import { authenticatorCompliance } from '@hypermesh/stoq/testing';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  certificateAuthenticator,
  enrollingAuthenticator,
  isEnrolling,
} from '../src/adapters/authenticator.ts';
import {
  certificateIn,
  certify,
  createMemoryNetwork,
  createTestAuthority,
  enrollingNode,
  memoryNode,
  type TestAuthority,
  type TestIdentity,
} from './support.ts';

let mesh: TestAuthority;
let otherMesh: TestAuthority;
let amber: TestIdentity;
let birch: TestIdentity;
let stranger: TestIdentity;

beforeAll(async () => {
  [mesh, otherMesh] = await Promise.all([createTestAuthority(), createTestAuthority()]);
  [amber, birch, stranger] = await Promise.all([certify(mesh), certify(mesh), certify(otherMesh)]);
});

const authOf = ({ credentials }: TestIdentity, options: { admitEnrolling?: boolean; atMs?: number } = {}) =>
  certificateAuthenticator({
    credentials,
    pinnedRoot: mesh.root,
    admitEnrolling: options.admitEnrolling ?? false,
    clock: options.atMs === undefined ? systemClock : createManualClock(options.atMs),
  });
const transcript = Buffer.from('what both ends saw');

async function verdictOf(
  verifier: ReturnType<typeof authOf>,
  prover: ReturnType<typeof authOf>,
  change: (proof: { chain: readonly Uint8Array[]; signature: Uint8Array }) => {
    chain: readonly Uint8Array[];
    signature: Uint8Array;
  } = (proof) => proof,
) {
  const { chain, signature } = change({
    chain: await prover.certificate(),
    signature: await prover.sign(transcript, 'dialer'),
  });
  return verifier.verify(chain, transcript, signature);
}

describe('the authenticator of members', () => {
  const cases = authenticatorCompliance(async () => ({
    one: authOf(amber),
    other: authOf(birch),
    stranger: authOf(stranger),
  }));
  test.each(cases.map(({ name, run }) => [name, run] as const))('keeps to its port: %s', (_, run) => run());

  it('names the node of the certificate, and how it proved itself', async () => {
    expect(await verdictOf(authOf(amber), authOf(birch))).toMatchObject({
      ok: true,
      peer: { id: birch.nodeId, sig: 'P-256+ML-DSA-65' },
    });
  });

  it('refuses a chain of another root, even with the pinned root put behind it', async () => {
    expect(await verdictOf(authOf(amber), authOf(stranger))).toMatchObject({
      ok: false,
      reason: 'chain-unknown-issuer',
    });
    const root = mesh.chain.at(-1)?.der ?? new Uint8Array();
    const padded = await verdictOf(authOf(amber), authOf(stranger), ({ chain, signature }) => ({
      chain: [...chain.slice(0, -1), root],
      signature,
    }));
    expect(padded).toMatchObject({ ok: false, reason: expect.stringMatching(/^chain-/) });
  });

  it('refuses a certificate that ran out, and one that does not count yet', async () => {
    const [leaf] = birch.credentials.current().chain;
    const after = authOf(amber, { atMs: (leaf?.notAfterMs ?? 0) + 1000 });
    const before = authOf(amber, { atMs: (leaf?.notBeforeMs ?? 0) - 1000 });
    expect(await verdictOf(after, authOf(birch))).toMatchObject({ ok: false, reason: 'chain-expired' });
    expect(await verdictOf(before, authOf(birch))).toMatchObject({
      ok: false,
      reason: 'chain-not-yet-valid',
    });
  });

  it('refuses the authority itself, and a chain without its leaf', async () => {
    const without = await verdictOf(authOf(amber), authOf(birch), ({ chain, signature }) => ({
      chain: chain.slice(1),
      signature,
    }));
    expect(without).toMatchObject({ ok: false });
  });

  it('refuses one half of a signature under another key: both count', async () => {
    const signatures = record({ p256: s.bytes({ max: 80 }), mldsa65: s.bytes({ length: 3309 }) });
    const parts = async (identity: TestIdentity) => {
      const decoded = decodeRecord(signatures, await authOf(identity).sign(transcript, 'dialer'));
      if (!decoded.ok) throw new Error(decoded.reason);
      return decoded.value;
    };
    const [own, foreign] = await Promise.all([parts(birch), parts(stranger)]);
    for (const mixed of [
      { p256: foreign.p256, mldsa65: own.mldsa65 },
      { p256: own.p256, mldsa65: foreign.mldsa65 },
    ]) {
      const verdict = await verdictOf(authOf(amber), authOf(birch), ({ chain }) => ({
        chain,
        signature: encodeRecord(signatures, mixed),
      }));
      expect(verdict).toEqual({ ok: false, reason: 'bad-signature' });
    }
  });

  it('refuses a chain without post-quantum signatures', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'hm-'));
    const openssl = (...argv: string[]) => execFileSync('openssl', argv, { cwd: folder, stdio: 'pipe' });
    try {
      openssl('version');
    } catch {
      context.skip('openssl is not on PATH');
    }
    try {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      openssl(
        'req',
        '-x509',
        ...key,
        '-keyout',
        'root.key',
        '-out',
        'root.pem',
        '-subj',
        '/CN=root',
        '-days',
        '2',
        '-addext',
        'basicConstraints=critical,CA:TRUE',
        '-addext',
        'keyUsage=critical,keyCertSign',
      );
      const uri = `subjectAltName=URI:spiffe://hypermesh.online/node/${amber.nodeId}`;
      openssl(
        'req',
        '-x509',
        ...key,
        '-keyout',
        'leaf.key',
        '-out',
        'leaf.pem',
        '-subj',
        '/CN=leaf',
        '-days',
        '1',
        '-CA',
        'root.pem',
        '-CAkey',
        'root.key',
        '-addext',
        uri,
        '-addext',
        'basicConstraints=critical,CA:FALSE',
        '-addext',
        'keyUsage=critical,digitalSignature',
      );
      const chain = ['leaf.pem', 'root.pem'].map((name) =>
        certificateIn(readFileSync(join(folder, name), 'utf8')),
      );
      const verifier = certificateAuthenticator({
        credentials: amber.credentials,
        pinnedRoot: chain.slice(1).map(fingerprint).join(''),
        admitEnrolling: false,
        clock: systemClock,
      });
      const verdict = await verifier.verify(
        chain.map(({ der }) => der),
        transcript,
        await authOf(birch).sign(transcript, 'dialer'),
      );
      expect(verdict).toMatchObject({ ok: false });
      expect(verdict.ok ? '' : verdict.reason).toContain('pq');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('shows a renewed certificate from the next session on', async () => {
    const renewing = await certify(mesh, { key: birch.key });
    const credentials = createReplaceable(birch.credentials.current());
    const auth = authOf({ ...birch, credentials });
    const before = await auth.certificate();
    credentials.replace(renewing.credentials.current());
    expect(await auth.certificate()).not.toEqual(before);
    expect(await verdictOf(authOf(amber), auth)).toMatchObject({ ok: true, peer: { id: birch.nodeId } });
  });
});

describe('a machine that enrols', () => {
  const key = generateKey();
  const enrolling = () => enrollingAuthenticator(key, mesh.root, systemClock);

  it('is known by its key where it is admitted, as one that may only ask for a certificate', async () => {
    const verdict = await verdictOf(authOf(amber, { admitEnrolling: true }), enrolling());
    expect(verdict).toMatchObject({ ok: true, peer: { id: nodeIdOf(key.publicKey), sig: 'Ed25519' } });
    expect(verdict.ok && isEnrolling(verdict.peer)).toBe(true);
    const member = await verdictOf(authOf(amber, { admitEnrolling: true }), authOf(birch));
    expect(member.ok && isEnrolling(member.peer)).toBe(false);
  });

  it('is refused where it is not admitted, and by other machines that enrol', async () => {
    expect(await verdictOf(authOf(amber), enrolling())).toEqual({ ok: false, reason: 'not-a-member' });
    expect(await verdictOf(enrolling(), enrolling())).toMatchObject({ ok: false });
  });

  it('cannot take the name of a member: its card is its own key or none', async () => {
    const verifier = authOf(amber, { admitEnrolling: true });
    const cardOf = record({ v: s.literal(1), enrolling: s.bytes({ length: 32 }) });
    const stolen = encodeRecord(cardOf, { v: 1, enrolling: birch.key.publicKey });
    const swapped = await verdictOf(verifier, enrolling(), ({ signature }) => ({
      chain: [stolen],
      signature,
    }));
    expect(swapped).toEqual({ ok: false, reason: 'bad-signature' });
    const asMember = await verdictOf(verifier, authOf(birch), ({ signature }) => ({
      chain: [stolen],
      signature,
    }));
    expect(asMember).toEqual({ ok: false, reason: 'bad-signature' });
    const both = await verdictOf(verifier, enrolling(), ({ chain, signature }) => ({
      chain: [...chain, ...mesh.chain.map(({ der }) => der)],
      signature,
    }));
    expect(both).toMatchObject({ ok: false });
  });

  it('believes the pinned root alone', async () => {
    expect(await verdictOf(enrolling(), authOf(birch))).toMatchObject({
      ok: true,
      peer: { id: birch.nodeId },
    });
    expect(await verdictOf(enrolling(), authOf(stranger))).toMatchObject({
      ok: false,
      reason: 'chain-unknown-issuer',
    });
  });
});

describe('a session', () => {
  it('opens between members, and names who was expected where another one answers', async () => {
    const network = createMemoryNetwork();
    await using listener = await memoryNode(network, 'amber', amber);
    await using dialler = await memoryNode(network, 'birch', birch);
    const peer = await dialler.connect('memory://amber', { expect: amber.nodeId });
    expect(peer.security).toMatchObject({ sig: 'P-256+ML-DSA-65', kem: 'X25519+ML-KEM-768', pq: true });
    expect(listener.peers.map(({ id }) => id)).toEqual([birch.nodeId]);
    await expect(dialler.connect('memory://amber', { expect: stranger.nodeId })).rejects.toMatchObject({
      code: 'stoq/handshake-failed',
    });
  });

  it('does not open for a stranger, nor for a machine that enrols where nobody certifies', async () => {
    const network = createMemoryNetwork();
    await using _listener = await memoryNode(network, 'amber', amber);
    await using foreign = await memoryNode(network, 'stranger', stranger);
    await expect(foreign.connect('memory://amber')).rejects.toThrow();
    await using machine = await enrollingNode(network, mesh.root);
    await expect(machine.connect('memory://amber')).rejects.toMatchObject({ code: 'stoq/refused' });
    await using silent = await createStoq({
      auth: enrollingAuthenticator(generateKey(), otherMesh.root, systemClock),
      carriers: [network.carrier()],
    });
    await expect(silent.connect('memory://amber')).rejects.toThrow();
  });
});
