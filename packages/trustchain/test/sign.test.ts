import { type CanonicalValue, decodeCanonical, encodeCanonical } from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { suiteFor } from '../src/index.ts';
import { formatVerifierKey, openLog } from '../src/log/index.ts';
import {
  type ArtifactSigner,
  attachLogProof,
  bundleLogEntry,
  type ChainCheck,
  decodeBundle,
  signBundle,
  signerId,
  verifyBundle,
} from '../src/sign/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const content = new TextEncoder().encode('the bytes of a package');
const type = 'application/vnd.hypermesh.package';
const signedAtMs = 1_800_000_000_000;
let signer: ArtifactSigner;
let other: ArtifactSigner;
let bundle: Uint8Array;
let id: string;

const keysOf = ({ ed25519, falcon1024 }: ArtifactSigner) => ({
  ed25519: ed25519.publicKey,
  falcon1024: falcon1024.publicKey,
});

async function freshSigner(): Promise<ArtifactSigner> {
  const [ed25519, falcon1024] = await Promise.all([
    suiteFor('ed25519').generate(),
    suiteFor('falcon-1024-r3').generate(),
  ]);
  return { ed25519, falcon1024 };
}

beforeAll(async () => {
  [signer, other] = await Promise.all([freshSigner(), freshSigner()]);
  id = signerId(keysOf(signer));
  bundle = await signBundle({
    content,
    type,
    signer,
    signedAtMs,
    claims: { name: 'sample', version: '1.0.0' },
  });
});

type Fields = Record<string, CanonicalValue>;

function fieldsOf(bytes: Uint8Array): Fields {
  const decoded = decodeCanonical(bytes);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.value as Fields;
}

/** The bundle with some fields of it, and of its statement, exchanged. */
function altered(fields: Fields, statement?: Fields): Uint8Array {
  const whole = fieldsOf(bundle);
  const { statement: held } = whole;
  const inner = fieldsOf(held as Uint8Array);
  const bytes = encodeCanonical({ ...inner, ...statement });
  return encodeCanonical({ ...whole, ...(statement === undefined ? {} : { statement: bytes }), ...fields });
}

test('a bundle verifies offline and lists every check', async () => {
  const verdict = await verifyBundle(bundle, content, { signers: [id] });
  expect(verdict).toMatchObject({ ok: true, signer: id, statement: { subject: { type }, signedAtMs } });
  expect(verdict.checks).toEqual([
    { name: 'format', verdict: 'passed' },
    { name: 'content', verdict: 'passed' },
    { name: 'ed25519', verdict: 'passed' },
    { name: 'falcon-1024-r3', verdict: 'passed' },
    { name: 'signer', verdict: 'passed' },
    { name: 'chain', verdict: 'not-asked' },
    { name: 'log', verdict: 'not-asked' },
  ]);
  expect(verdict.ok && { ...verdict.statement.claims }).toEqual({ name: 'sample', version: '1.0.0' });
});

test('other bytes, and their digest, are refused by name', async () => {
  const wrong = new TextEncoder().encode('other bytes');
  expect(await verifyBundle(bundle, wrong, { signers: [id] })).toMatchObject({
    ok: false,
    reason: 'other-content',
  });
  const digest = new Uint8Array(32);
  const verdict = await verifyBundle(bundle, { digest, sizeBytes: content.length }, { signers: [id] });
  expect(verdict).toMatchObject({ ok: false, reason: 'other-content' });
});

test('content may be signed and verified by its digest, and large content in slices', async () => {
  const large = new Uint8Array(5 << 20).fill(7);
  const signed = await signBundle({ content: large, type, signer, signedAtMs });
  const decoded = decodeBundle(signed);
  if (!decoded.ok) throw new Error(decoded.reason);
  const { digest, sizeBytes } = decoded.statement.subject;
  expect(await verifyBundle(signed, { digest, sizeBytes }, { signers: [id] })).toMatchObject({ ok: true });
  expect(await verifyBundle(signed, large, { signers: [id] })).toMatchObject({ ok: true });
});

test('both signatures are needed, each by its own key over this statement', async () => {
  const foreign = await signBundle({ content, type, signer: other, signedAtMs });
  const theirs = fieldsOf(foreign);
  const trust = { signers: [id, signerId(keysOf(other))] };
  for (const [name, field] of [
    ['ed25519', 'ed25519'],
    ['falcon-1024-r3', 'falcon1024'],
  ] as const) {
    const verdict = await verifyBundle(altered({ [field]: theirs[field] as Uint8Array }), content, trust);
    expect(verdict).toMatchObject({ ok: false, reason: 'bad-signature' });
    expect(verdict.checks.filter((check) => check.verdict === 'failed').map((check) => check.name)).toEqual([
      name,
    ]);
  }
  // A signer made of one's Ed25519 key and another's Falcon key is somebody else.
  const mixed: ArtifactSigner = { ed25519: signer.ed25519, falcon1024: other.falcon1024 };
  const verdict = await verifyBundle(
    await signBundle({ content, type, signer: mixed, signedAtMs }),
    content,
    trust,
  );
  expect(verdict).toMatchObject({ ok: false, reason: 'unknown-signer' });
});

test('any flipped bit of statement or signature is refused', async () => {
  const whole = fieldsOf(bundle);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('statement', 'ed25519', 'falcon1024'),
      fc.nat(),
      fc.nat(7),
      async (field, at, bit) => {
        const bytes = (whole[field] as Uint8Array).slice();
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
        const verdict = await verifyBundle(altered({ [field]: bytes }), content, { signers: [id] });
        expect(verdict.ok).toBe(false);
      },
    ),
    { numRuns: 150 },
  );
});

test('trust in nobody accepts nothing, and a stranger is not a signer', async () => {
  expect(await verifyBundle(bundle, content, {})).toMatchObject({ ok: false, reason: 'nobody-trusted' });
  expect(await verifyBundle(bundle, content, { signers: [] })).toMatchObject({
    ok: false,
    reason: 'unknown-signer',
  });
});

test('a demanded chain is handed on with the signer, and its absence or refusal is named', async () => {
  const seen: unknown[] = [];
  const chain: ChainCheck = {
    verifyChain(certificates, who, atMs) {
      seen.push([certificates, who, atMs]);
      return certificates.length === 2 ? { ok: true } : { ok: false, reason: 'expired' };
    },
  };
  const certificates = [new Uint8Array([1]), new Uint8Array([2, 3])];
  const withChain = await signBundle({ content, type, signer, signedAtMs, chain: certificates });
  expect(await verifyBundle(withChain, content, { chain })).toMatchObject({ ok: true });
  expect(seen).toEqual([[certificates, { id, keys: keysOf(signer) }, signedAtMs]]);
  expect(await verifyBundle(bundle, content, { chain })).toMatchObject({ ok: false, reason: 'missing' });
  const short = await signBundle({ content, type, signer, signedAtMs, chain: certificates.slice(1) });
  expect(await verifyBundle(short, content, { chain, signers: [id] })).toMatchObject({
    ok: false,
    reason: 'chain-refused: expired',
  });
});

test('a demanded log proof verifies with the bundle alone, and only for this bundle and log [trustchain-03]', async () => {
  const origin = 'example.org/log';
  const logSigner = createSigner(new Uint8Array(32).fill(1));
  await using log = await openLog({ directory: await temporaryFolder(), origin, signer: logSigner });
  const entry = bundleLogEntry(bundle);
  if (!entry.ok) throw new Error(entry.reason);
  await log.append(new Uint8Array([1]));
  const { index } = await log.append(entry.entry);
  await log.append(new Uint8Array([2]));
  const proven = attachLogProof(bundle, log.prove(index));
  if (!proven.ok) throw new Error(proven.reason);
  const stranger = formatVerifierKey('example.org/other', createSigner(new Uint8Array(32).fill(2)).publicKey);
  const trust = { signers: [id], logs: [stranger, log.verifierKey] };
  expect(await verifyBundle(proven.bytes, content, trust)).toMatchObject({ ok: true });
  expect(await verifyBundle(bundle, content, trust)).toMatchObject({ ok: false, reason: 'missing' });
  expect(await verifyBundle(proven.bytes, content, { ...trust, logs: [stranger] })).toMatchObject({
    ok: false,
    reason: 'not-signed-by-key',
  });
  const misplaced = attachLogProof(bundle, log.prove(0));
  expect(misplaced.ok && (await verifyBundle(misplaced.bytes, content, trust))).toMatchObject({
    ok: false,
    reason: 'proof-root-mismatch',
  });
  const again = await signBundle({ content, type, signer, signedAtMs });
  const moved = attachLogProof(again, log.prove(index));
  expect(moved.ok && (await verifyBundle(moved.bytes, content, trust)).ok).toBe(false);
});

test.each<[string, () => unknown, string]>([
  ['nothing', () => new Uint8Array(), 'malformed-bundle'],
  ['no bytes', () => 'text', 'malformed-bundle'],
  ['garbage', () => new Uint8Array(500).fill(0xff), 'malformed-bundle'],
  ['a byte too few', () => bundle.subarray(0, -1), 'malformed-bundle'],
  ['a byte too many', () => new Uint8Array([...bundle, 0]), 'malformed-bundle'],
  ['a length beyond the limit', () => new Uint8Array(300 << 10), 'malformed-bundle'],
  ['an unknown key', () => altered({ more: 1 }), 'malformed-bundle'],
  ['another version', () => altered({ v: 2 }), 'malformed-bundle'],
  ['another kind', () => altered({ kind: 'x' }), 'malformed-bundle'],
  ['no Falcon signature', () => altered({ falcon1024: new Uint8Array() }), 'malformed-bundle'],
  ['a short Ed25519 signature', () => altered({ ed25519: new Uint8Array(63) }), 'malformed-bundle'],
  ['a signature as text', () => altered({ ed25519: 'x' }), 'malformed-bundle'],
  ['nine certificates', () => altered({ chain: Array(9).fill(new Uint8Array(1)) }), 'malformed-bundle'],
  ['a huge certificate', () => altered({ chain: [new Uint8Array(17 << 10)] }), 'malformed-bundle'],
  [
    'a proof without its checkpoint',
    () => altered({ log: { leafIndex: 0, hashes: [] } }),
    'malformed-bundle',
  ],
  [
    'a proof of too many hashes',
    () => altered({ log: { checkpoint: '', leafIndex: 0, hashes: Array(65).fill(new Uint8Array(32)) } }),
    'malformed-bundle',
  ],
  [
    'a statement that is garbage',
    () => altered({ statement: new Uint8Array([0xff]) }),
    'malformed-statement',
  ],
  ['a huge statement', () => altered({ statement: new Uint8Array(65 << 10) }), 'malformed-bundle'],
  ['an unknown key in the statement', () => altered({}, { more: 1 }), 'malformed-statement'],
  ['a statement of another version', () => altered({}, { v: 2 }), 'malformed-statement'],
  ['a negative time', () => altered({}, { signedAtMs: -1 }), 'malformed-statement'],
  ['a claim that is no text', () => altered({}, { claims: { a: 1 } }), 'malformed-statement'],
  [
    'a signer without Falcon',
    () => altered({}, { signer: { ed25519: new Uint8Array(32) } }),
    'malformed-statement',
  ],
])('a bundle with %s is refused before anything is verified', async (_, make, reason) => {
  const verdict = await verifyBundle(make() as Uint8Array, content, { signers: [id] });
  expect(verdict).toMatchObject({
    ok: false,
    reason,
    checks: [{ name: 'format', verdict: 'failed', reason }, {}, {}, {}, {}, {}, {}],
  });
  expect(bundleLogEntry(make() as Uint8Array)).toEqual({ ok: false, reason });
});

test('what cannot be a statement is refused when it is made', async () => {
  const good = { content, type, signer, signedAtMs };
  for (const bad of [
    { ...good, type: 'x'.repeat(129) },
    { ...good, signedAtMs: 0.5 },
    { ...good, claims: Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`${at}`, ''])) },
    { ...good, chain: [new Uint8Array(17 << 10)] },
  ]) {
    await expect(signBundle(bad)).rejects.toMatchObject({ code: 'core/not-a-record' });
  }
  await expect(signBundle({ ...good, content: 'text' as never })).rejects.toMatchObject({
    code: 'trustchain/bad-argument',
  });
});
