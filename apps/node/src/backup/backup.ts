import { existsSync, linkSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { decodeGenesis, validatorsOf } from '@hypermesh/consensus';
import { sha256, toHex, utf8 } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { createKeystore } from '@hypermesh/trustchain/keystore';
import { nodeIn } from '@hypermesh/trustchain/x509';
import { readConfig } from '../config.ts';
import { type DataDirectory, readIfPresent, syncFolder, writeDurably } from '../data-directory.ts';
import { formatOf } from '../data-format.ts';
import { lockDirectory, lockHolder } from '../directory-lock.ts';
import { NodeError } from '../errors.ts';
import { isDamage } from '../facts/database.ts';
import { readChain } from '../identity.ts';
import { type ArchivedFile, createArchive } from './archive.ts';
import { encodeManifest, formatSums, manifestName, sealName, sumsName } from './manifest.ts';
import { databases, filesOf } from './what.ts';

/** What a backup needs to know. */
export interface BackupOptions {
  readonly withContent: boolean;
  /** Passphrase under which the generated passphrase of the keystores is sealed; needed where there is one. */
  readonly passphrase?: string;
  /** Bytes read so far and in all; the latter may grow a little while the node runs. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** What was backed up. */
export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly files: number;
  readonly sha256OfSums: string;
  /** The node did not run: the backup holds all that it signed. */
  readonly isStopped: boolean;
  readonly withContent: boolean;
  /** Databases that are damaged and left out, from the data directory. */
  readonly damaged: readonly string[];
}

/**
 * Writes a backup of a node, running or not, into a new file: a tar archive with the digest of each file. It appears
 * under its name when it is whole and durable; a file of that name is never replaced. Keys go in sealed only.
 */
export async function backUp(
  directory: DataDirectory,
  file: string,
  options: BackupOptions,
): Promise<BackupReport> {
  const target = resolve(file);
  const config = readConfig(directory);
  const isStopped = lockHolder(directory) === undefined;
  // Nobody starts it meanwhile.
  using _lock = isStopped ? lockDirectory(directory) : undefined;
  const { withContent, passphrase, onProgress, signal } = options;
  const generated = readIfPresent(directory.passphrase);
  if (generated !== undefined && passphrase === undefined) throw needsPassphrase();
  const genesis = readIfPresent(directory.genesis);
  // Nobody could show how far it votes from then on: such a backup could never be restored.
  if (genesis === undefined && !isStopped) throw tooEarly();
  const partial = `${target}.${process.pid}.partial`;
  try {
    using archive = createArchive(partial);
    const files: ArchivedFile[] = [];
    const damaged: string[] = [];
    const listed = [...filesOf(directory.path, { isStopped, withContent })];
    let total = listed.reduce((sum, { size }) => sum + size, 0);
    let done = 0;
    for (const entry of listed) {
      signal?.throwIfAborted();
      const archived = await archive.add(entry, (bytes) => {
        done += bytes;
        total = Math.max(total, done);
        onProgress?.(done, total);
      });
      if (archived !== undefined) files.push(archived);
    }
    const addBytes = (name: string, bytes: Uint8Array) => {
      archive.addBytes(name, bytes);
      files.push({ name, size: bytes.length, sha256: toHex(sha256(bytes)) });
    };
    for (const name of databases) {
      const copy = copyOfDatabase(join(directory.path, name), `${partial}.database`);
      if (copy === 'damaged') damaged.push(name);
      else if (copy !== undefined) addBytes(name, copy);
    }
    if (generated !== undefined && passphrase !== undefined)
      addBytes(sealName, await sealed(generated, passphrase, `${partial}.sealed`));
    const sums = utf8(formatSums(files));
    archive.addBytes(sumsName, sums);
    const decoded = genesis === undefined ? undefined : decodeGenesis(genesis);
    const sumsDigest = toHex(sha256(sums));
    archive.addBytes(
      manifestName,
      encodeManifest({
        v: 1,
        madeAtMs: systemClock.nowMs(),
        format: formatOf(directory),
        node: nodeNamed(directory),
        name: config.name,
        isStopped,
        withContent,
        validators: decoded?.ok ? validatorsOf(decoded.genesis).length : 0,
        isFounder: readIfPresent(directory.founding) !== undefined,
        sums: sumsDigest,
      }),
    );
    const bytes = archive.finish();
    signal?.throwIfAborted();
    appear(partial, target);
    writeDurably(directory.lastBackup, `${systemClock.nowMs()}\n`);
    return {
      file: target,
      bytes,
      files: files.length,
      sha256OfSums: sumsDigest,
      isStopped,
      withContent,
      damaged,
    };
  } finally {
    rmSync(partial, { force: true });
  }
}

/** The node that its certificate names; empty where it has none. */
function nodeNamed(directory: DataDirectory): string {
  const [leaf] = readChain(directory.certificate);
  return leaf === undefined ? '' : (nodeIn(leaf)?.nodeId ?? '');
}

/** Gives a whole file its name, unless something has it. */
function appear(partial: string, target: string): void {
  try {
    linkSync(partial, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new NodeError(
      {
        code: 'node/refused',
        by: 'backup',
        reason: `${target} is there already`,
        next: `give another name, such as ${basename(target)}.2; a backup is never replaced`,
      },
      `${target} is there already`,
    );
  }
  syncFolder(dirname(target));
}

/** A copy of a database as it is at one moment, made by the database itself; undefined where there is none. */
function copyOfDatabase(path: string, draft: string): Uint8Array | 'damaged' | undefined {
  if (!existsSync(path)) return undefined;
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  rmSync(draft, { force: true });
  try {
    using database = new DatabaseSync(path);
    database.exec('pragma busy_timeout = 5000');
    database.prepare('vacuum into ?').run(draft);
    return readFileSync(draft);
  } catch (error) {
    // The keys and all else are worth a backup all the more where something is damaged already.
    if (isDamage(error)) return 'damaged';
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

async function sealed(secret: Uint8Array, passphrase: string, draft: string): Promise<Uint8Array> {
  rmSync(draft, { force: true });
  try {
    using keystore = await createKeystore({ path: draft, passphrase });
    await keystore.put('passphrase', { suite: 'passphrase', publicKey: new Uint8Array(), secretKey: secret });
    return readFileSync(draft);
  } finally {
    rmSync(draft, { force: true });
  }
}

function needsPassphrase(): NodeError {
  return new NodeError(
    {
      code: 'node/bad-flag',
      flag: '--passphrase-file',
      next: 'name a file with a passphrase of your own; hypermesh restore asks for the same: --passphrase-file FILE',
    },
    'The keys of this node go into a backup only under a passphrase',
  );
}

function tooEarly(): NodeError {
  return new NodeError(
    {
      code: 'node/refused',
      by: 'backup',
      reason: 'its mesh is not founded yet',
      next: 'back it up when hypermesh status shows phase 2, or stop it first',
    },
    'A node that runs is backed up once its mesh is founded',
  );
}
