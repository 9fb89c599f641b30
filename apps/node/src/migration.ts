import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createGenesis, createOperationLedger, type Genesis, validatorsOf } from '@hypermesh/consensus';
import { inspectStorage } from '@hypermesh/consensus/storage';
import { equalBytes, type Log, sha256 } from '@hypermesh/core';
import { type DataDirectory, makeFolder, readIfPresent, syncFolder, writeDurably } from './data-directory.ts';
import { currentFormat, formatOf } from './data-format.ts';
import { NodeError } from './errors.ts';
import { openGenesis } from './mesh/founding.ts';
import { foundingBalances } from './wallet/rules.ts';

/** One step from a format to a later one. It may be killed at any moment and is done again from where it was. */
interface Migration {
  readonly from: number;
  readonly to: number;
  /** Answers what it did, in words for people. */
  run(directory: DataDirectory, aside: string): Promise<string>;
}

const migrations: readonly Migration[] = [{ from: 1, to: 2, run: toValue }];

/**
 * Brings a data directory to the present format, one step after the other; what a step changes is kept in
 * `before-format-N`. Interrupted, the next call goes on. Throws `node/newer-format` for one that a newer HyperMesh made.
 */
export async function migrate(directory: DataDirectory, log: Log): Promise<void> {
  for (let format = formatOf(directory); format !== currentFormat; format = formatOf(directory)) {
    const step = migrations.find(({ from }) => from === format);
    if (format > currentFormat || step === undefined) throw newerFormat(directory, format);
    const aside = join(directory.path, `before-format-${step.to}`);
    log.info('format.migrating', { from: step.from, to: step.to });
    const done = await step.run(directory, aside);
    writeDurably(directory.format, `${step.to}\n`);
    log.info('format.migrated', { from: step.from, to: step.to, done });
  }
}

/**
 * Format 1 has no file `format`. Its first ledgers knew no value: their blocks name states that the present rules do not
 * come to, so that nobody could check them. Keys, certificates, members, the log and content stay; such a ledger begins
 * again, under a genesis that every member derives alike from the old one. A ledger that the present rules do come to
 * stays as it is.
 */
async function toValue(directory: DataDirectory, aside: string): Promise<string> {
  const kept = join(aside, 'genesis.cbor');
  const isBegun = existsSync(kept);
  const bytes = readIfPresent(isBegun ? kept : directory.genesis);
  if (bytes === undefined) return 'there was no ledger yet';
  const { genesis } = openGenesis(bytes, isBegun ? kept : directory.genesis);
  if (!isBegun) {
    if (await isOfPresentRules(directory, genesis)) return 'the ledger stays as it is';
    makeFolder(aside);
    writeDurably(kept, bytes);
  }
  // Each is moved whole or not yet; what belongs to the old chain would mislead beside the new one.
  for (const path of [
    directory.ledger,
    directory.runs,
    directory.receipts,
    directory.usedLeases,
    directory.assetJournal,
  ]) {
    const to = join(aside, path.slice(directory.path.length + 1).replaceAll('/', '-'));
    if (!existsSync(path) || existsSync(to)) continue;
    renameSync(path, to);
    syncFolder(aside);
  }
  // Plots answer for one chain and are made anew.
  rmSync(directory.plots, { recursive: true, force: true });
  writeDurably(directory.genesis, followingGenesis(genesis, bytes));
  return `the ledger begins again: packages have to be published again; the old ledger is in ${aside}`;
}

/** The genesis by which a mesh goes on after its old one: the same for every member, and another chain. */
export function followingGenesis(genesis: Genesis, bytes: Uint8Array): Uint8Array {
  const { v: _, ...rest } = genesis;
  return createGenesis({ ...rest, bindings: { ...genesis.bindings, before: sha256(bytes) } }).bytes;
}

async function isOfPresentRules(directory: DataDirectory, genesis: Genesis): Promise<boolean> {
  const { firstStateRoot } = await inspectStorage(directory.ledger, validatorsOf(genesis).length);
  if (firstStateRoot === undefined) return true;
  const ledger = createOperationLedger({ genesis, rules: {}, genesisState: foundingBalances(genesis) });
  return equalBytes(ledger.stateRoot(), firstStateRoot);
}

function newerFormat(directory: DataDirectory, format: number): NodeError {
  return new NodeError(
    {
      code: 'node/newer-format',
      directory: directory.path,
      format,
      known: currentFormat,
      next: 'update HyperMesh (npm install -g @hypermesh/node), or restore a backup that this version made',
    },
    `${directory.path} has format ${format}; this HyperMesh knows formats up to ${currentFormat}`,
  );
}
