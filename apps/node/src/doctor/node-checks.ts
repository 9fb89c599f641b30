import { existsSync, lstatSync } from 'node:fs';
import { inspectStorage } from '@hypermesh/consensus/storage';
import { openKeystore } from '@hypermesh/trustchain/keystore';
import { fingerprint } from '@hypermesh/trustchain/x509';
import { readIfPresent } from '../data-directory.ts';
import { currentFormat, formatOf } from '../data-format.ts';
import { readChain } from '../identity.ts';
import { verifyNodeChain } from '../mesh/node-chain.ts';
import { type Check, type Finding, findingsOf } from './finding.ts';

const slowSyncMs = 50;
const leastInodes = 10_000;
const dayMs = 86_400_000;

/** The data directory: whose it is, what space it has, and whether its disk keeps what it says it keeps. */
export const directoryCheck: Check = {
  name: 'data',
  run({ directory, config, configProblem, probe }) {
    const { ok, warn, fail } = findingsOf('data');
    const { path } = directory;
    if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(path))
      return [fail('the system itself lies there, no files', 'name another folder: --data DIR', path)];
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined)
      return [fail('there is no node', 'found one: hypermesh init; or join a mesh: hypermesh join', path)];
    if (!found.isDirectory()) return [fail('it is no folder', 'name another one: --data DIR', path)];
    const findings: Finding[] = [];
    if (probe.uid !== undefined && found.uid !== probe.uid)
      findings.push(
        fail(
          `it belongs to user ${found.uid}, this is ${probe.uid}`,
          `run as that user, or: chown -R ${probe.uid} ${path}`,
          path,
        ),
      );
    if ((found.mode & 0o077) !== 0) findings.push(warn('others may look into it', `chmod 700 ${path}`, path));
    if (configProblem !== undefined)
      findings.push(fail(configProblem.what, configProblem.next, directory.config));
    const format = formatOf(directory);
    if (format > currentFormat)
      findings.push(
        fail(
          `it has format ${format}, this HyperMesh knows ${currentFormat}`,
          'update HyperMesh',
          directory.format,
        ),
      );
    else if (format < currentFormat && configProblem === undefined)
      findings.push(
        warn(
          `it has format ${format}`,
          'hypermesh up brings it to the present one, and says what it does',
          directory.format,
        ),
      );
    const { freeBytes, freeInodes } = probe.space(path);
    const least = (config?.limits.minFreeDiskMb ?? 64) * 2 ** 20;
    if (freeBytes < least)
      findings.push(
        fail(
          `${mebibytes(freeBytes)} MiB are free, ${mebibytes(least)} are needed`,
          'free space there',
          path,
        ),
      );
    else findings.push(ok(`${mebibytes(freeBytes)} MiB are free`, path));
    // Some file systems have no fixed number of files and say 0 of 0.
    if (freeInodes > 0 && freeInodes < leastInodes)
      findings.push(
        warn(`${freeInodes} more files fit on it`, 'remove files there that are not needed', path),
      );
    try {
      const all = [...probe.syncMs(path, 5)].sort((a, b) => a - b);
      const median = all[2] ?? 0;
      findings.push(
        median > slowSyncMs
          ? warn(
              `a durable write takes ${median.toFixed(1)} ms: blocks wait for it`,
              'put the data directory on a faster disk',
              path,
            )
          : ok(`a durable write takes ${median.toFixed(1)} ms`),
      );
    } catch (error) {
      findings.push(
        fail(
          `nothing can be written there: ${message(error)}`,
          'see that the disk is sound, has space and is not read-only',
          path,
        ),
      );
    }
    return findings;
  },
};

/** The certificate: whose, below which root, for how long. */
export const certificateCheck: Check = {
  name: 'certificate',
  run({ directory, probe }) {
    const { ok, warn, fail } = findingsOf('certificate');
    const [root] = readChain(directory.root);
    if (root === undefined)
      return [fail('no root is believed', 'restore the file from a backup', directory.root)];
    const chain = readChain(directory.certificate);
    const again = 'start the node: it asks the founder for a fresh one (hypermesh up, hypermesh status)';
    if (chain.length === 0) return [fail('there is none', again, directory.certificate)];
    const timeMs = probe.nowMs();
    const verdict = verifyNodeChain(chain, { pinnedRoot: fingerprint(root), timeMs });
    if (!verdict.ok) return [fail(`${verdict.reason}: ${verdict.detail}`, again, directory.certificate)];
    const { notBeforeMs, notAfterMs } = verdict.leaf;
    const left = notAfterMs - timeMs;
    const words = `${(left / dayMs).toFixed(1)} days left, until ${new Date(notAfterMs).toISOString()}`;
    // A node that runs renews at a quarter.
    if (left < (notAfterMs - notBeforeMs) / 5) return [warn(words, again, directory.certificate)];
    return [ok(words)];
  },
};

/** Whether the keys open. */
export const keysCheck: Check = {
  name: 'keys',
  async run({ directory, passphraseFile }) {
    const { ok, warn, fail, untested } = findingsOf('keys');
    const findings: Finding[] = [];
    const text = readIfPresent(passphraseFile ?? directory.passphrase)
      ?.toString('utf8')
      .replace(/\r?\n$/, '');
    const paths = [directory.keystore, directory.authorityKeystore].filter((path) => existsSync(path));
    if (paths.length === 0) return [fail('there are none', 'restore them from a backup', directory.keystore)];
    for (const path of paths) {
      if (((lstatSync(path).mode ?? 0) & 0o077) !== 0)
        findings.push(warn('others may read it', `chmod 600 ${path}`, path));
      if (text === undefined || text === '') {
        findings.push(untested('its passphrase is not at hand: name its file with --passphrase-file', path));
        continue;
      }
      const opened = await openKeystore({ path, passphrase: text });
      if (opened.ok) {
        opened.keystore.close();
        findings.push(ok('it opens', path));
      } else {
        findings.push(
          fail(
            `it does not open: ${opened.reason}`,
            'check the passphrase, or restore the file from a backup',
            path,
          ),
        );
      }
    }
    return findings;
  },
};

/** Whether what was written durably is whole; reads all of it and changes nothing. */
export const journalsCheck: Check = {
  name: 'journals',
  async run({ directory }) {
    const { ok, fail } = findingsOf('journals');
    const { blocks, logRecords, faults } = await inspectStorage(directory.ledger);
    const findings: Finding[] = faults.map(({ file, offset, reason }) =>
      fail(
        `damaged at byte ${offset}: ${reason}`,
        'restore a backup: hypermesh restore FILE --data DIR',
        file,
      ),
    );
    if (faults.length === 0)
      findings.push(ok(`${blocks} blocks and ${logRecords} records of votes are whole`));
    if (existsSync(directory.catalogState)) {
      const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
      try {
        using database = new DatabaseSync(directory.catalogState, { readOnly: true });
        const [row] = database.prepare('pragma quick_check(1)').all();
        const said = String(Object.values(row ?? {})[0]);
        findings.push(
          said === 'ok'
            ? ok("the catalog's state is whole")
            : fail(said, 'restore a backup: hypermesh restore FILE --data DIR', directory.catalogState),
        );
      } catch (error) {
        findings.push(
          fail(message(error), 'restore a backup: hypermesh restore FILE --data DIR', directory.catalogState),
        );
      }
    }
    return findings;
  },
};

/** How old a backup may be. */
const oldBackupDays = 7;

/** When content was last hashed through, and when a backup was made. */
export const careCheck: Check = {
  name: 'care',
  run({ directory, probe, status }) {
    const { ok, warn, fail, untested } = findingsOf('care');
    const findings: Finding[] = [];
    const scrub = status?.content?.lastScrub;
    if (status === undefined) findings.push(untested('content: the node that would know does not run'));
    else if (scrub === undefined)
      findings.push(untested('content: not hashed through since the start; hypermesh scrub does it now'));
    else if (scrub.lost.length > 0)
      findings.push(
        fail(
          `content: ${scrub.lost.length} roots are lost`,
          'publish or install them again; hypermesh scrub names them',
        ),
      );
    else findings.push(ok('content: hashed through since the start, nothing is lost'));
    const made = Number(readIfPresent(directory.lastBackup)?.toString('utf8') ?? Number.NaN);
    const next = 'hypermesh backup FILE --passphrase-file FILE';
    const days = (probe.nowMs() - made) / dayMs;
    if (Number.isNaN(made)) findings.push(warn('no backup was ever made', next));
    else if (days > oldBackupDays)
      findings.push(warn(`the last backup is ${Math.floor(days)} days old`, next));
    else findings.push(ok(`the last backup was made ${new Date(made).toISOString()}`));
    return findings;
  },
};

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
