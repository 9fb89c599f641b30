import { existsSync } from 'node:fs';
import { createVrfKey } from '@hypermesh/consensus';
import { type Clock, createReplaceable, type NodeId, parseNodeId } from '@hypermesh/core';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import { createStoq, type Peer } from '@hypermesh/stoq';
import { createEnrolment } from '@hypermesh/trustchain/ca';
import { type Certificate, decodeCertificate, fingerprint, toPem } from '@hypermesh/trustchain/x509';
import { enrollingAuthenticator } from './adapters/authenticator.ts';
import { extensionSigner } from './adapters/extension-trust.ts';
import type { ApiConfig } from './api/config.ts';
import { checkName, defaultConfig, type NodeConfig, writeConfig } from './config.ts';
import { type DataDirectory, writeDurably } from './data-directory.ts';
import { writeFormat } from './data-format.ts';
import { NodeError } from './errors.ts';
import { installBundled } from './extensions/bundled.ts';
import {
  generateNodeKeys,
  loadNodeKeys,
  type NodeKeys,
  newPassphrase,
  nodeIdOfKeys,
  nodeKeyEntries,
  readPassphrase,
  signerIdOf,
  storeKeys,
} from './identity.ts';
import { claimEmptyDirectory, clearUnfinishedFounding } from './init.ts';
import { openAddressBook } from './mesh/addresses.ts';
import { certificateNames } from './mesh/authority.ts';
import { type Invitation, tokenDigest } from './mesh/invitation.ts';
import { requestOf } from './mesh/members.ts';
import { enrolRequest, meshMessages, renewRequest } from './mesh/protocol.ts';
import { phase1 } from './phases.ts';

/** What joining needs to know. */
export interface JoinOptions {
  readonly name: string;
  readonly invitation: Invitation;
  readonly listen?: string;
  readonly passphraseFile?: string;
  readonly api?: ApiConfig;
  readonly signal?: AbortSignal;
}

/**
 * Joins the mesh that an invitation names: makes keys, has them certified, and believes the answer only if it ends in
 * the invitation's root. Interrupted, it may be repeated with the same invitation: the keys stay. Throws `node/bad-flag`
 * for a name that cannot be one, before anything is made.
 */
export async function joinMesh(
  directory: DataDirectory,
  options: JoinOptions,
): Promise<{ readonly nodeId: NodeId }> {
  const { invitation, signal } = options;
  const name = checkName(options.name);
  using _claim = claimEmptyDirectory(directory);
  clearUnfinishedFounding(directory);
  const keys = await keysForJoining(directory, options.passphraseFile);
  const nodeId = nodeIdOfKeys(keys);
  const config: NodeConfig = {
    ...defaultConfig,
    name,
    founder: founderIn(invitation),
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.api === undefined ? {} : { api: options.api }),
  };
  const { chain, address } = await askFounder(keys, invitation.root, invitation, signal, async (peer) =>
    requestOf(
      peer,
      enrolRequest,
      meshMessages.enrolAsk.encode({
        v: 1,
        invitation: tokenDigest(invitation.token),
        enrolment: await enrolmentOf(keys, invitation.root, invitation.token),
        name,
        vrfKey: createVrfKey(keys.vrfSeed).publicKey,
        signer: signerIdOf(keys),
      }),
      signal === undefined ? {} : { signal },
    ),
  );
  const before = { phase: 0, nodeId, keys, config, pinnedRoot: invitation.root } as const;
  const verdict = phase1(before, createReplaceable({ chain, keys: keys.certificate }), systemClock);
  if (!verdict.ok) throw refused(invitation.node, verdict.reason);
  const root = chain.find((certificate) => fingerprint(certificate) === invitation.root);
  if (root === undefined) throw refused(invitation.node, 'its root is not the one of the invitation');
  writeDurably(directory.root, toPem(root.der), 0o644);
  storeChain(directory, chain);
  using book = openAddressBook(directory);
  book.note(founderIn(invitation), address);
  book.flush();
  await installBundled(directory, extensionSigner(keys, chain, systemClock));
  writeFormat(directory);
  writeConfig(directory, config);
  return { nodeId };
}

/** Asks the founder for a fresh certificate in an own session, as a member whose certificate ran out may. */
export async function renewByEnrolling(
  keys: NodeKeys,
  pinnedRoot: string,
  founder: { readonly node: string; readonly addresses: readonly string[] },
  signal?: AbortSignal,
): Promise<readonly Certificate[]> {
  const { chain } = await askFounder(keys, pinnedRoot, founder, signal, async (peer) =>
    requestOf(peer, renewRequest, await renewalAsk(keys, pinnedRoot), signal === undefined ? {} : { signal }),
  );
  return chain;
}

/** The question by which a member has its certificate renewed. */
export async function renewalAsk(keys: NodeKeys, pinnedRoot: string): Promise<Uint8Array> {
  return meshMessages.renewAsk.encode(await enrolmentOf(keys, pinnedRoot));
}

/** Reads the chain that an authority answered with. Throws `node/refused` where it is none. */
export function chainIn(answer: Uint8Array, by: string): readonly Certificate[] {
  const decoded = meshMessages.chainAnswer.decode(answer);
  if (!decoded.ok) throw refused(by, decoded.reason);
  return decoded.value.chain.map((der) => {
    const certificate = decodeCertificate(der);
    if (!certificate.ok) throw refused(by, certificate.reason);
    return certificate.certificate;
  });
}

/**
 * Writes a chain where the node reads it at its next start. The pinned root has its own file, which no answer of
 * anybody ever changes.
 */
export function storeChain(directory: DataDirectory, chain: readonly Certificate[]): void {
  writeDurably(directory.certificate, chain.map(({ der }) => toPem(der)).join(''), 0o644);
}

function enrolmentOf(keys: NodeKeys, audience: string, token?: Uint8Array): Promise<Uint8Array> {
  return createEnrolment(
    {
      identitySecretKey: keys.ed25519.secretKey,
      keys: keys.certificate,
      audience,
      ...certificateNames,
      ...(token === undefined ? {} : { token }),
    },
    { clock: systemClock, random: systemRandom },
  );
}

async function keysForJoining(
  directory: DataDirectory,
  passphraseFile: string | undefined,
): Promise<NodeKeys> {
  if (existsSync(directory.keystore))
    return loadNodeKeys(directory, readPassphrase(directory, passphraseFile));
  const keys = await generateNodeKeys();
  await storeKeys(directory.keystore, newPassphrase(directory, passphraseFile), nodeKeyEntries(keys));
  return keys;
}

/** Opens an enrolling session with the founder at the first of its addresses that answers, and asks. */
async function askFounder(
  keys: NodeKeys,
  pinnedRoot: string,
  founder: { readonly node: string; readonly addresses: readonly string[] },
  signal: AbortSignal | undefined,
  ask: (peer: Peer) => Promise<Uint8Array>,
): Promise<{ readonly chain: readonly Certificate[]; readonly address: string }> {
  const clock: Clock = systemClock;
  const stoq = await createStoq({ auth: enrollingAuthenticator(keys.ed25519, pinnedRoot, clock) });
  try {
    let last: unknown;
    for (const address of founder.addresses) {
      try {
        const peer = await stoq.connect(address, {
          expect: founder.node,
          ...(signal === undefined ? {} : { signal }),
        });
        return { chain: chainIn(await ask(peer), founder.node), address };
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof NodeError) throw error;
        last = error;
      }
    }
    const reason = last instanceof Error ? last.message : 'it names no address';
    throw new NodeError(
      {
        code: 'node/unreachable',
        address: founder.addresses.join(', '),
        reason,
        next: 'see that it runs there (hypermesh up), then give the same command again',
      },
      `Cannot reach the node that certifies: ${reason}`,
      { cause: last },
    );
  } finally {
    await stoq.close();
  }
}

function founderIn(invitation: Invitation): NodeId {
  const parsed = parseNodeId(invitation.node);
  if (parsed.ok) return parsed.id;
  throw refused(invitation.node, `it names no node: ${parsed.reason}`);
}

function refused(by: string, reason: string): NodeError {
  return new NodeError(
    { code: 'node/refused', by, reason, next: 'ask its owner, or for a new invitation' },
    `The answer of the node that certifies cannot be used: ${reason}`,
  );
}
