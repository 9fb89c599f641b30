import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { muteGuard } from '@hypermesh/consensus/storage';
import { sha256, toHex } from '@hypermesh/core';
import { openKeystore } from '@hypermesh/trustchain/keystore';
import { extract } from 'tar';
import { staleLogMark } from '../adapters/transparency.ts';
import {
  type DataDirectory,
  dataDirectory,
  makeFolder,
  syncFile,
  syncFolder,
  writeDurably,
} from '../data-directory.ts';
import { currentFormat } from '../data-format.ts';
import { NodeError } from '../errors.ts';
import {
  type BackupManifest,
  decodeManifest,
  manifestName,
  parseSums,
  sealName,
  sumsName,
} from './manifest.ts';

/** What restoring needs to know. */
export interface RestoreOptions {
  /** The passphrase that the backup was sealed with. */
  readonly passphrase?: string;
  /** The operator says: the node has not run since the backup was made. Only for backups of a node that was stopped. */
  readonly isLastState: boolean;
  /** Bytes read of the archive, and in all. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** What was restored. */
export interface RestoreReport {
  readonly directory: string;
  readonly node: string;
  readonly name: string;
  readonly madeAt: string;
  readonly files: number;
  readonly withContent: boolean;
  /** It signs no votes until the others have shown how far the mesh is. */
  readonly isMute: boolean;
  /** The log of the mesh lies here and appends nothing. */
  readonly isLogHeld: boolean;
}

/** Fewest validators of which one may be missing. */
const leastBearing = 4;

/**
 * Makes a data directory of a backup. It appears under its name when every file was checked; a directory that holds
 * anything is never touched. Unless the backup is the node's last state, the node will not vote, nor append to the log it
 * keeps, before it is certain that it contradicts nothing it signed after the backup.
 */
export async function restore(
  file: string,
  directory: DataDirectory,
  options: RestoreOptions,
): Promise<RestoreReport> {
  const { passphrase, isLastState, signal } = options;
  refuseOccupied(directory);
  const draft = dataDirectory(`${directory.path}.${process.pid}.partial`);
  sweep(directory);
  rmSync(draft.path, { recursive: true, force: true });
  makeFolder(draft.path);
  try {
    await unpack(file, draft.path, options);
    signal?.throwIfAborted();
    const { manifest, files } = await check(file, draft.path);
    judge(file, manifest, isLastState);
    await unseal(file, draft, passphrase);
    // Also where the backup has no guard yet: the node may have begun to vote right after it was made.
    const isMute = !isLastState;
    if (isMute) {
      makeFolder(draft.ledger);
      await muteGuard(draft.ledger);
    }
    const isLogHeld = manifest.isFounder && !isLastState;
    if (isLogHeld) writeDurably(join(draft.log, staleLogMark), `${manifest.madeAtMs}\n`);
    rmSync(join(draft.path, sumsName));
    rmSync(join(draft.path, manifestName));
    syncBelow(draft.path);
    refuseOccupied(directory);
    rmSync(directory.path, { recursive: true, force: true });
    renameSync(draft.path, directory.path);
    syncFolder(dirname(directory.path));
    const { node, name, withContent } = manifest;
    const madeAt = new Date(manifest.madeAtMs).toISOString();
    return { directory: directory.path, node, name, madeAt, files, withContent, isMute, isLogHeld };
  } finally {
    rmSync(draft.path, { recursive: true, force: true });
  }
}

/** Removes what a restore left that was killed: it may hold the passphrase. */
function sweep({ path }: DataDirectory): void {
  const folder = dirname(path);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(path)}.`)) continue;
    const pid = /^([1-9]\d*)\.partial$/.exec(name.slice(basename(path).length + 1))?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Unpacks plain files alone: no links, no devices, nothing outside the folder. */
async function unpack(file: string, into: string, { onProgress, signal }: RestoreOptions): Promise<void> {
  const source = createReadStream(file, {
    highWaterMark: 2 ** 20,
    ...(signal === undefined ? {} : { signal }),
  });
  const total = await new Promise<number>((resolve, reject) => {
    source.once('error', (cause) => reject(unusable(file, 'it cannot be read', cause)));
    source.once('open', (fd) => resolve(process.getBuiltinModule('node:fs').fstatSync(fd).size));
  });
  let done = 0;
  source.on('data', (part) => {
    done += part.length;
    onProgress?.(done, total);
  });
  const refused: string[] = [];
  const unpacking = extract({
    cwd: into,
    strict: true,
    preserveOwner: false,
    dmode: 0o700,
    filter(path, entry) {
      const isPlain = 'type' in entry && ['File', 'OldFile', 'Directory'].includes(entry.type);
      if (!isPlain) refused.push(path);
      return isPlain;
    },
  });
  // What is begun comes to its end, also after a failure: the folder is removed only when nothing writes there.
  let failure: unknown;
  unpacking.on('error', (cause) => {
    failure ??= cause;
  });
  const closed = new Promise<void>((resolve) => unpacking.once('close', resolve));
  try {
    for await (const part of source) {
      if (failure !== undefined) break;
      unpacking.write(part as Buffer);
    }
  } catch (cause) {
    failure ??= cause;
  }
  unpacking.end();
  await closed;
  signal?.throwIfAborted();
  if (failure !== undefined)
    throw unusable(file, failure instanceof Error ? failure.message : String(failure), failure);
  if (refused[0] !== undefined) throw unusable(file, `${refused[0]} is no plain file`);
}

/** Whether all that was backed up is there, and nothing else. */
async function check(
  file: string,
  folder: string,
): Promise<{ readonly manifest: BackupManifest; readonly files: number }> {
  if (!existsSync(join(folder, manifestName))) throw unusable(file, 'its end is missing');
  const decoded = decodeManifest(readFileSync(join(folder, manifestName)));
  if (!decoded.ok) throw unusable(file, decoded.reason);
  const manifest = decoded.value;
  const sumsBytes = existsSync(join(folder, sumsName))
    ? readFileSync(join(folder, sumsName))
    : Buffer.alloc(0);
  if (toHex(sha256(sumsBytes)) !== manifest.sums)
    throw unusable(file, `${sumsName} is not the one it was made with`);
  const sums = parseSums(sumsBytes.toString('utf8'));
  if (sums === undefined) throw unusable(file, `${sumsName} cannot be read`);
  const present = new Set<string>();
  for (const name of namesBelow(folder, '')) {
    if (name === sumsName || name === manifestName) continue;
    present.add(name);
    if (sums.get(name) !== (await digestOf(join(folder, name)))) throw unusable(file, `${name} is damaged`);
  }
  for (const name of sums.keys()) if (!present.has(name)) throw unusable(file, `${name} is missing`);
  return { manifest, files: present.size };
}

function* namesBelow(folder: string, name: string): Generator<string, void, undefined> {
  for (const entry of readdirSync(join(folder, name), { withFileTypes: true })) {
    const child = name === '' ? entry.name : `${name}/${entry.name}`;
    if (entry.isDirectory()) yield* namesBelow(folder, child);
    else yield child;
  }
}

/** What has its name must be on the disk: a folder that appears is whole also after the power fails. */
function syncBelow(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncBelow(path);
    else syncFile(path);
  }
  syncFolder(folder);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part);
  return hash.digest('hex');
}

/** Whether a sound backup may become a node here. */
function judge(file: string, { format, isStopped, validators }: BackupManifest, isLastState: boolean): void {
  if (format > currentFormat) throw unusable(file, `a newer HyperMesh made it (format ${format})`);
  if (isLastState && !isStopped) {
    throw refused(
      'the backup was made while the node ran: it signed more afterwards',
      'restore without --last-state, or stop the node for good, back it up again and restore that',
    );
  }
  if (isLastState || validators >= leastBearing) return;
  if (validators === 0) {
    throw refused(
      'it was made before its mesh was founded, and nothing in it shows how the mesh began',
      'if the node has not run since it was made, add --last-state; otherwise join with fresh keys',
    );
  }
  throw refused(
    `its mesh has ${validators} validators and cannot go on without this one, so nobody can show how far it may have voted`,
    'only a backup of the stopped node that has not run since can be restored: add --last-state if that is so',
  );
}

async function unseal(file: string, draft: DataDirectory, passphrase: string | undefined): Promise<void> {
  const path = join(draft.path, sealName);
  if (!existsSync(path)) return;
  if (passphrase === undefined) {
    throw new NodeError(
      {
        code: 'node/bad-flag',
        flag: '--passphrase-file',
        next: 'name the file with the passphrase that the backup was made with: --passphrase-file FILE',
      },
      'The keys in this backup are sealed',
    );
  }
  const opened = await openKeystore({ path, passphrase });
  if (!opened.ok) throw unusable(file, `its keys do not open: ${opened.reason}`);
  using keystore = opened.keystore;
  const secret = keystore.get('passphrase')?.secretKey;
  if (secret === undefined) throw unusable(file, 'it holds no passphrase of the keystores');
  writeDurably(draft.passphrase, secret);
  rmSync(path);
}

function refuseOccupied({ path }: DataDirectory): void {
  if (!existsSync(path) || readdirSync(path).length === 0) return;
  throw new NodeError(
    {
      code: 'node/already-initialized',
      directory: path,
      next: 'name a folder that is not there yet: --data DIR',
    },
    `${path} is not empty`,
  );
}

function unusable(file: string, reason: string, cause?: unknown): NodeError {
  return new NodeError(
    { code: 'node/damaged-file', file, reason, next: 'use another backup; nothing was restored' },
    `${file} is no backup that can be used: ${reason}`,
    cause === undefined ? undefined : { cause },
  );
}

function refused(reason: string, next: string): NodeError {
  return new NodeError({ code: 'node/refused', by: 'restore', reason, next }, reason);
}
