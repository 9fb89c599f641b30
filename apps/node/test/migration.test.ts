import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeGenesis } from '@hypermesh/consensus';
import { type Clock, equalBytes, type Log, silentLog } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { extract } from 'tar';
import { describe, expect, it, vi } from 'vitest';
import { connectControl } from '../src/control/client.ts';
import { openDaemon } from '../src/daemon.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import { currentFormat, formatOf } from '../src/data-format.ts';
import { loadAuthorityKeys, loadNodeKeys, nodeIdOfKeys, readPassphrase } from '../src/identity.ts';
import { decodeFacts, isBoundTo } from '../src/mesh/facts.ts';
import { openFounding } from '../src/mesh/founding.ts';
import { followingGenesis, migrate } from '../src/migration.ts';
import type { NodeStatus } from '../src/status.ts';
import { hypermesh } from './processes.ts';
import { failureOf, temporaryDirectory } from './support.ts';

// A node that starts makes plots.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** What the first landed node wrote: a mesh of one with final blocks, without its plots. */
const fixture = fileURLToPath(new URL('fixtures/format-1.tgz', import.meta.url));
const nodeId = 'bafyreiamds4fds2727shbako6xcdt2ravbxddurv2s7u2nudqxk4iaext4';
const madeMs = Date.UTC(2026, 10, 20, 18);

async function unpack(directory: DataDirectory): Promise<void> {
  mkdirSync(directory.path, { recursive: true, mode: 0o700 });
  await extract({ file: fixture, cwd: directory.path });
}

/** Ends the migration as a kill would, before it is noted as done. */
class Killed extends Error {}

describe('a data directory of the first landed format', () => {
  it('keeps keys, members and log; its ledger begins again under a genesis that follows from the old one', async () => {
    using directory = temporaryDirectory();
    await unpack(directory);
    expect(formatOf(directory)).toBe(1);
    const before = readFileSync(directory.genesis);
    const log = readFileSync(join(directory.log, 'journal'));
    await migrate(directory, silentLog);
    expect(formatOf(directory)).toBe(currentFormat);
    const passphrase = readPassphrase(directory, undefined);
    expect(nodeIdOfKeys(await loadNodeKeys(directory, passphrase))).toBe(nodeId);
    await loadAuthorityKeys(directory, passphrase);
    expect(
      openFounding(directory, systemClock)
        ?.members()
        .map(({ name }) => name),
    ).toEqual(['amber']);
    expect(readFileSync(join(directory.log, 'journal'))).toEqual(log);

    const [old, now] = [decodeGenesis(before), decodeGenesis(readFileSync(directory.genesis))];
    const facts = decodeFacts(readFileSync(directory.facts));
    if (!old.ok || !now.ok || !facts.ok) throw new Error('it must decode');
    expect(now.chainId).not.toBe(old.chainId);
    expect(now.genesis.members).toEqual(old.genesis.members);
    expect(isBoundTo(now.genesis, facts.value)).toBe(true);
    // Whoever migrates comes to the same.
    expect(equalBytes(followingGenesis(old.genesis, before), readFileSync(directory.genesis))).toBe(true);
    const aside = join(directory.path, 'before-format-2');
    expect(readFileSync(join(aside, 'genesis.cbor'))).toEqual(before);
    expect(existsSync(join(aside, 'ledger', 'blocks.dat'))).toBe(true);
    expect(existsSync(directory.ledger)).toBe(false);
    const first = readFileSync(directory.genesis);
    await migrate(directory, silentLog);
    expect(readFileSync(directory.genesis)).toEqual(first);
  });

  it('that is killed at any moment of its migration comes to the same', async () => {
    using whole = temporaryDirectory();
    await unpack(whole);
    await migrate(whole, silentLog);
    using source = temporaryDirectory();
    await unpack(source);
    using folder = temporaryDirectory();
    // Every state that a kill can leave: each thing is moved or written as a whole, in this order.
    const states: ((directory: DataDirectory) => void)[] = [
      ({ path }) => mkdirSync(join(path, 'before-format-2')),
      ({ path, genesis }) => cpSync(genesis, join(path, 'before-format-2', 'genesis.cbor')),
      ({ path, ledger }) => {
        cpSync(ledger, join(path, 'before-format-2', 'ledger'), { recursive: true });
        rmSync(ledger, { recursive: true });
      },
      ({ usedLeases, path }) => {
        if (!existsSync(usedLeases)) return;
        cpSync(usedLeases, join(path, 'before-format-2', 'used-leases'), { recursive: true });
        rmSync(usedLeases, { recursive: true });
      },
      ({ genesis }) => writeFileSync(genesis, readFileSync(whole.genesis)),
    ];
    for (let count = 0; count <= states.length; count++) {
      const directory = dataDirectory(join(folder.path, `${count}`));
      cpSync(source.path, directory.path, { recursive: true });
      for (const change of states.slice(0, count)) change(directory);
      const stopped = new Killed('killed');
      const dying: Log = {
        ...silentLog,
        info: (event) => {
          if (event === 'format.migrated') throw stopped;
        },
      };
      await expect(migrate(directory, dying)).rejects.toBe(stopped);
      await migrate(directory, silentLog);
      expect(readFileSync(directory.genesis)).toEqual(readFileSync(whole.genesis));
      expect(readFileSync(join(directory.path, 'before-format-2', 'genesis.cbor'))).toEqual(
        readFileSync(source.genesis),
      );
      expect(existsSync(directory.ledger)).toBe(false);
    }
  });

  it('runs: the node is who it was, and its ledger is final from block 1 on', async () => {
    using directory = temporaryDirectory();
    await unpack(directory);
    // The certificates of the fixture hold at their own time only.
    const aside = madeMs - systemClock.nowMs();
    const clock: Clock = {
      nowMs: () => systemClock.nowMs() + aside,
      monotonicMs: () => systemClock.monotonicMs(),
      schedule: (delayMs, task) => systemClock.schedule(delayMs, task),
    };
    await using daemon = await openDaemon(directory, { log: silentLog, clock });
    expect(daemon.nodeId).toBe(nodeId);
    using client = await connectControl(directory.controlSocket, directory.path);
    await client.call('final', { height: 1 });
    const status = await client.call<NodeStatus>('status');
    expect(status).toMatchObject({ phase: 2, name: 'amber', secondVotesSeen: 0 });
    const registered = await client.call<{ height: number }>('register-asset', { note: 'in the new ledger' });
    expect(registered.height).toBeGreaterThan(0);
  });
});

describe('the format', () => {
  it('of a new node is the present one, and its ledger stays where only the file is missing', async () => {
    using directory = temporaryDirectory();
    await hypermesh('init', '--data', directory.path, '--name', 'amber', '--validators', '1');
    expect(formatOf(directory)).toBe(currentFormat);
    const aside = join(directory.path, 'before-format-2');
    rmSync(directory.format);
    await migrate(directory, silentLog);
    expect([formatOf(directory), existsSync(aside)]).toEqual([currentFormat, false]);
    {
      await using _daemon = await openDaemon(directory, { log: silentLog });
      using client = await connectControl(directory.controlSocket, directory.path);
      await client.call('final', { height: 2 });
    }
    const genesis = readFileSync(directory.genesis);
    rmSync(directory.format);
    await migrate(directory, silentLog);
    expect([formatOf(directory), existsSync(aside)]).toEqual([currentFormat, false]);
    expect(readFileSync(directory.genesis)).toEqual(genesis);
  });

  it('of a newer HyperMesh is refused in clear words, and so is one that is none', async () => {
    using directory = temporaryDirectory();
    await unpack(directory);
    writeFileSync(directory.format, '3\n');
    const up = await hypermesh('up', '--data', directory.path, '--json');
    expect(up.json()).toMatchObject({ ok: false, error: { code: 'node/newer-format', format: 3, known: 2 } });
    expect(up.stderr).toContain('this HyperMesh knows formats up to 2');
    expect(existsSync(directory.lock)).toBe(false);
    writeFileSync(directory.format, 'two\n');
    expect(await failureOf(() => migrate(directory, silentLog))).toMatchObject({ code: 'node/damaged-file' });
  });
});
