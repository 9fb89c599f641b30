import { existsSync, rmSync } from 'node:fs';
import { createVrfKey } from '@hypermesh/consensus';
import type { NodeId } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';
import {
  createCertificateAuthority,
  generateCertificateKeys,
  openCertificateAuthority,
  publicKeysOf,
} from '@hypermesh/trustchain/ca';
import { extensionSigner } from './adapters/extension-trust.ts';
import type { ApiConfig } from './api/config.ts';
import { checkName, defaultConfig, writeConfig } from './config.ts';
import { type DataDirectory, dataWords, writeDurably } from './data-directory.ts';
import { writeFormat } from './data-format.ts';
import { lockDirectory } from './directory-lock.ts';
import { NodeError } from './errors.ts';
import { installBundled } from './extensions/bundled.ts';
import {
  authorityKeyEntries,
  generateNodeKeys,
  newPassphrase,
  nodeIdOfKeys,
  nodeKeyEntries,
  readChain,
  signerIdOf,
  storeKeys,
} from './identity.ts';
import { certificateNames } from './mesh/authority.ts';
import { createFounding, openFounding } from './mesh/founding.ts';

/** What founding a mesh needs to know. */
export interface InitOptions {
  readonly name: string;
  readonly mesh: string;
  /** Members of the genesis, this one among them: 1 to 256. */
  readonly validators: number;
  readonly listen?: string;
  readonly passphraseFile?: string;
  readonly api?: ApiConfig;
}

/** What `initMesh` made. */
export interface InitResult {
  readonly nodeId: NodeId;
  readonly root: string;
}

/**
 * Holds a directory in which a node is being made: nobody else may start or make one there meanwhile. Throws
 * `node/already-initialized` where it holds a node, `node/already-running` where another process is at it.
 */
export function claimEmptyDirectory(directory: DataDirectory): Disposable {
  const lock = lockDirectory(directory);
  if (existsSync(directory.config)) {
    lock[Symbol.dispose]();
    throw new NodeError(
      {
        code: 'node/already-initialized',
        directory: directory.path,
        next: `start it: hypermesh up${dataWords(directory.path)}`,
      },
      `There is a node in ${directory.path} already`,
    );
  }
  return lock;
}

/** Removes what an interrupted `initMesh` left: it founded nothing, and whoever joins from here founds nothing. */
export function clearUnfinishedFounding(directory: DataDirectory): void {
  for (const path of [
    directory.founding,
    directory.enrolments,
    directory.authority,
    directory.authorityKeystore,
    directory.rootKeystore,
  ]) {
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Founds a mesh: keys of the node, a root and an online intermediate authority, the node's own certificate, and tokens
 * for the other members. The configuration is written last: a directory without it holds no node. Throws `node/bad-flag`
 * for a name that cannot be one, before anything is made.
 */
export async function initMesh(directory: DataDirectory, options: InitOptions): Promise<InitResult> {
  checkName(options.name);
  checkName(options.mesh, '--mesh');
  using _claim = claimEmptyDirectory(directory);
  const protection = newPassphrase(directory, options.passphraseFile);
  clearUnfinishedFounding(directory);
  const ports = { clock: systemClock, random: systemRandom };
  const [keys, rootKeys, authorityKeys] = await Promise.all([
    generateNodeKeys(),
    generateCertificateKeys(),
    generateCertificateKeys(),
  ]);
  const nodeId = nodeIdOfKeys(keys);

  const root = await createCertificateAuthority(
    { commonName: `${options.mesh} root`, keys: rootKeys },
    ports,
  );
  const intermediate = await root.issueIntermediate({
    commonName: `${options.mesh} authority`,
    publicKeys: publicKeysOf(authorityKeys),
  });
  const authorityChain = [...intermediate.chainPem, root.rootPem];
  const authority = await openCertificateAuthority({ chain: authorityChain, keys: authorityKeys }, ports);
  const issued = await authority.issueNodeCertificate({
    nodeId,
    publicKeys: publicKeysOf(keys.certificate),
    ...certificateNames,
  });

  await storeKeys(directory.keystore, protection, nodeKeyEntries(keys));
  await storeKeys(
    directory.authorityKeystore,
    protection,
    authorityKeyEntries(authorityKeys, generateKey(systemRandom.bytes(32))),
  );
  await storeKeys(directory.rootKeystore, protection, authorityKeyEntries(rootKeys));
  writeDurably(directory.root, root.rootPem, 0o644);
  writeDurably(directory.authority, authorityChain.join(''), 0o644);
  writeDurably(directory.certificate, [issued.pem, ...authorityChain].join(''), 0o644);

  createFounding(directory, {
    mesh: options.mesh,
    validators: options.validators,
    root: root.rootFingerprint,
    token: () => systemRandom.bytes(32),
  });
  openFounding(directory, systemClock)?.admit(
    {
      v: 1,
      node: nodeId,
      name: options.name,
      key: keys.ed25519.publicKey,
      vrfKey: createVrfKey(keys.vrfSeed).publicKey,
      signer: signerIdOf(keys),
    },
    undefined,
  );
  await installBundled(directory, extensionSigner(keys, readChain(directory.certificate), systemClock));
  writeFormat(directory);
  writeConfig(directory, {
    ...defaultConfig,
    name: options.name,
    ...(options.listen === undefined ? {} : { listen: options.listen }),
    ...(options.api === undefined ? {} : { api: options.api }),
  });
  return { nodeId, root: root.rootFingerprint };
}
