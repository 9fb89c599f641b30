import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { type NodeId, nodeIdOf } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemRandom } from '@hypermesh/core/node';
import { type CertificateKeys, generateCertificateKeys } from '@hypermesh/trustchain/ca';
import {
  createKeystore,
  type Keystore,
  type KeystoreCost,
  openKeystore,
} from '@hypermesh/trustchain/keystore';
import { signerId } from '@hypermesh/trustchain/sign';
import { type KeyPair, suiteFor } from '@hypermesh/trustchain/suite';
import { type Certificate, decodeCertificate } from '@hypermesh/trustchain/x509';
import {
  type DataDirectory,
  makeFolder,
  readIfPresent,
  renameDurably,
  writeDurably,
} from './data-directory.ts';
import { NodeError } from './errors.ts';

/** Every secret key of a node. */
export interface NodeKeys {
  /** Names the node (NodeId); signs votes, operations and answers; with `falcon` signs artifacts. */
  readonly ed25519: KeyPair;
  readonly falcon: KeyPair;
  /** The keys of its certificate: sessions. */
  readonly certificate: CertificateKeys;
  /** Seed of the key of verifiable random functions, 32 bytes. */
  readonly vrfSeed: Uint8Array;
}

/** What a node shows in sessions: its chain, leaf first and root last, and the keys of the leaf. */
export interface Credentials {
  readonly chain: readonly Certificate[];
  readonly keys: CertificateKeys;
}

/** A generated passphrase has 256 bits of entropy: stretching it would only cost time. */
const generatedPassphraseCost: KeystoreCost = { memoryKiB: 8 << 10, passes: 1, lanes: 1 };

/** Makes the keys of a new node; a second or two, Falcon's in a worker. */
export async function generateNodeKeys(): Promise<NodeKeys> {
  const [certificate, falcon] = await Promise.all([
    generateCertificateKeys(),
    suiteFor('falcon-1024-r3').generate(),
  ]);
  return {
    ed25519: generateKey(systemRandom.bytes(32)),
    certificate,
    falcon,
    vrfSeed: systemRandom.bytes(32),
  };
}

/** The node that a set of keys belongs to. */
export function nodeIdOfKeys(keys: NodeKeys): NodeId {
  return nodeIdOf(keys.ed25519.publicKey);
}

/** Id of the two keys with which a node signs artifacts. */
export function signerIdOf({ ed25519, falcon }: NodeKeys): string {
  return signerId({ ed25519: ed25519.publicKey, falcon1024: falcon.publicKey });
}

/**
 * The passphrase of a node's keystores: from a file of the operator's, or generated at `init` and kept beside them for
 * the owner alone. The latter protects copies of the keystore, not a machine that somebody has got into.
 */
export function readPassphrase(directory: DataDirectory, file: string | undefined): string {
  const path = file ?? directory.passphrase;
  const text = readIfPresent(path)
    ?.toString('utf8')
    .replace(/\r?\n$/, '');
  if (text !== undefined && text.length > 0) return text;
  throw new NodeError(
    {
      code: 'node/damaged-file',
      file: path,
      reason: 'no passphrase in it',
      next: 'name the file that holds it: --passphrase-file FILE',
    },
    `${path} holds no passphrase`,
  );
}

/** Where new keystores get their passphrase from, and what it is worth to stretch it. */
export function newPassphrase(
  directory: DataDirectory,
  file: string | undefined,
): { readonly passphrase: string; readonly cost?: KeystoreCost } {
  if (file !== undefined) return { passphrase: readPassphrase(directory, file) };
  const present = readIfPresent(directory.passphrase)?.toString('utf8').trim();
  const passphrase = present ?? Buffer.from(systemRandom.bytes(32)).toString('base64url');
  if (present === undefined) writeDurably(directory.passphrase, `${passphrase}\n`);
  return { passphrase, cost: generatedPassphraseCost };
}

/** Stores keys in a new keystore; it appears under its name only when all of them are in it. */
export async function storeKeys(
  path: string,
  protection: { readonly passphrase: string; readonly cost?: KeystoreCost },
  keys: Readonly<Record<string, { readonly suite: string } & KeyPair>>,
): Promise<void> {
  const unfinished = `${path}.unfinished`;
  makeFolder(dirname(path));
  rmSync(unfinished, { force: true });
  using keystore = await createKeystore({ path: unfinished, ...protection });
  for (const [name, key] of Object.entries(keys)) await keystore.put(name, key);
  renameDurably(unfinished, path);
}

/** The keys of a node in the form that `storeKeys` takes. */
export function nodeKeyEntries(keys: NodeKeys): Parameters<typeof storeKeys>[2] {
  return {
    identity: { suite: 'ed25519', ...keys.ed25519 },
    artifacts: { suite: 'falcon-1024-r3', ...keys.falcon },
    'certificate-p256': { suite: 'p256', ...keys.certificate.p256 },
    'certificate-ml-dsa-65': { suite: 'ml-dsa-65', ...keys.certificate.mldsa65 },
    vrf: { suite: 'ecvrf-seed', publicKey: new Uint8Array(), secretKey: keys.vrfSeed },
  };
}

/** The keys of an authority in the form that `storeKeys` takes; `log` signs the transparency log's checkpoints. */
export function authorityKeyEntries(keys: CertificateKeys, log?: KeyPair): Parameters<typeof storeKeys>[2] {
  return {
    ...(log === undefined ? {} : { 'transparency-log': { suite: 'ed25519', ...log } }),
    'authority-p256': { suite: 'p256', ...keys.p256 },
    'authority-ml-dsa-65': { suite: 'ml-dsa-65', ...keys.mldsa65 },
  };
}

/** Opens the keys of a node. Throws `node/damaged-file` with the keystore's reason. */
export async function loadNodeKeys(directory: DataDirectory, passphrase: string): Promise<NodeKeys> {
  using keystore = await open(directory.keystore, passphrase);
  const take = (name: string) => takeKey(keystore, name);
  return {
    ed25519: take('identity'),
    falcon: take('artifacts'),
    certificate: { p256: take('certificate-p256'), mldsa65: take('certificate-ml-dsa-65') },
    vrfSeed: take('vrf').secretKey,
  };
}

/** Opens the keys of the online authority and its log. Throws `node/damaged-file` with the keystore's reason. */
export async function loadAuthorityKeys(
  directory: DataDirectory,
  passphrase: string,
): Promise<{ readonly certificate: CertificateKeys; readonly log: KeyPair }> {
  using keystore = await open(directory.authorityKeystore, passphrase);
  const take = (name: string) => takeKey(keystore, name);
  return {
    certificate: { p256: take('authority-p256'), mldsa65: take('authority-ml-dsa-65') },
    log: take('transparency-log'),
  };
}

/** Reads a chain of PEM certificates. Throws `node/damaged-file`. */
export function readChain(path: string): Certificate[] {
  const text = readIfPresent(path)?.toString('utf8') ?? '';
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => {
    const decoded = decodeCertificate(pem);
    if (decoded.ok) return decoded.certificate;
    throw damaged(path, decoded.reason, 'restore it from a copy, or join again with a new invitation');
  });
}

async function open(path: string, passphrase: string): Promise<Keystore> {
  const opened = await openKeystore({ path, passphrase });
  if (opened.ok) return opened.keystore;
  throw damaged(path, opened.reason, 'check the passphrase, or restore the file from a copy');
}

function takeKey(keystore: Keystore, name: string): KeyPair {
  const key = keystore.get(name);
  if (key === undefined)
    throw damaged(keystore.path, `it holds no key called ${name}`, 'restore it from a copy');
  return { publicKey: key.publicKey, secretKey: key.secretKey };
}

function damaged(file: string, reason: string, next: string): NodeError {
  return new NodeError(
    { code: 'node/damaged-file', file, reason, next },
    `${file} cannot be used: ${reason}`,
  );
}
