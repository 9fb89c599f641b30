import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeIdOf } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { describe, expect, it } from 'vitest';
import { dataDirectory, makeFolder, readIfPresent, writeDurably } from '../src/data-directory.ts';
import { lockDirectory, lockHolder } from '../src/directory-lock.ts';
import { loadNodeKeys, newPassphrase, readChain, readPassphrase } from '../src/identity.ts';
import { claimEmptyDirectory, clearUnfinishedFounding } from '../src/init.ts';
import { openAddressBook } from '../src/mesh/addresses.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const nodeId = () => nodeIdOf(generateKey().publicKey);

describe('a durable write', () => {
  it('replaces a file whole and leaves nothing beside it, for the owner alone', () => {
    using directory = temporaryDirectory();
    writeDurably(directory.genesis, 'old');
    writeDurably(directory.genesis, Uint8Array.of(1, 2, 3));
    expect([...readFileSync(directory.genesis)]).toEqual([1, 2, 3]);
    expect(readdirSync(directory.path)).toEqual(['genesis.cbor']);
    expect(statSync(directory.genesis).mode & 0o777).toBe(0o600);
    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
    writeDurably(directory.root, 'pem', 0o644);
    expect(statSync(directory.root).mode & 0o777).toBe(0o644);
  });

  it('that fails leaves the old file, and no half of the new one', () => {
    using directory = temporaryDirectory();
    mkdirSync(join(directory.genesis, 'in-the-way'), { recursive: true });
    expect(() => writeDurably(directory.genesis, 'new')).toThrow();
    expect(readdirSync(directory.path)).toEqual(['genesis.cbor']);
  });

  it('goes over what a crash left under the same name', () => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    writeFileSync(`${directory.genesis}.${process.pid}.new`, 'a half that was longer than the new one');
    writeDurably(directory.genesis, 'new');
    expect(readFileSync(directory.genesis, 'utf8')).toBe('new');
  });
});

describe('a data directory', () => {
  it('has a control socket of a length that every system takes, one for each path', () => {
    const short = dataDirectory('/tmp/a');
    expect(short.controlSocket).toBe('/tmp/a/control.sock');
    const [one, other] = ['1', '2'].map(
      (end) => dataDirectory(`/tmp/${'long/'.repeat(30)}${end}`).controlSocket,
    );
    expect(one?.length).toBeLessThan(100);
    expect(one).not.toBe(other);
  });
});

describe('the lock of a data directory', () => {
  async function sleeper(): Promise<ChildProcess> {
    const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout ?? child, 'data');
    return child;
  }
  async function end(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const startOf = (pid: number) =>
    readIfPresent(`/proc/${pid}/stat`)?.toString('utf8').split(') ').at(-1)?.split(' ')[19] ?? '';

  it('is held by one, says by whom, and goes with its holder', async () => {
    using directory = temporaryDirectory();
    {
      using _lock = lockDirectory(directory);
      expect(lockHolder(directory)).toBe(process.pid);
      expect(await failureOf(() => lockDirectory(directory))).toMatchObject({
        code: 'node/already-running',
        directory: directory.path,
        pid: process.pid,
      });
    }
    expect(readdirSync(directory.path)).toEqual([]);
    lockDirectory(directory)[Symbol.dispose]();
  });

  it('of a process that lives is respected', async () => {
    using directory = temporaryDirectory();
    const child = await sleeper();
    makeFolder(directory.path);
    writeFileSync(directory.lock, `${child.pid} ${startOf(child.pid ?? 0)}\n`);
    expect(await failureOf(() => lockDirectory(directory))).toMatchObject({ pid: child.pid });
    expect(readFileSync(directory.lock, 'utf8')).toContain(String(child.pid));
    await end(child);
    using _lock = lockDirectory(directory);
    expect(lockHolder(directory)).toBe(process.pid);
  });

  it('of a recycled process id is taken over', async () => {
    using directory = temporaryDirectory();
    const child = await sleeper();
    makeFolder(directory.path);
    writeFileSync(directory.lock, `${child.pid} 1\n`);
    if (startOf(child.pid ?? 0) !== '') {
      using _lock = lockDirectory(directory);
      expect(lockHolder(directory)).toBe(process.pid);
    }
    await end(child);
  });

  it.each([
    '',
    '\n',
    'garbage',
    '-1',
    '0',
    '1e999 1',
    '99999999999999999999',
    '4194305 7',
    'a'.repeat(10_000),
  ])('that holds %j is nobody’s', (text) => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    writeFileSync(directory.lock, text);
    using _lock = lockDirectory(directory);
    expect(lockHolder(directory)).toBe(process.pid);
  });

  it('is had by exactly one of many that start at once over a dead one', async () => {
    using directory = temporaryDirectory();
    makeFolder(directory.path);
    writeFileSync(directory.lock, '4194305 7\n');
    const script = `
      const { lockDirectory } = await import(${JSON.stringify(new URL('../src/directory-lock.ts', import.meta.url).href)});
      const { dataDirectory } = await import(${JSON.stringify(new URL('../src/data-directory.ts', import.meta.url).href)});
      const directory = dataDirectory(${JSON.stringify(directory.path)});
      process.stdout.write('ready');
      process.stdin.once('data', () => {
        try {
          lockDirectory(directory);
          process.stdout.write('got');
        } catch (error) {
          process.stdout.write(error.code);
        }
        process.stdin.once('data', () => process.exit());
      });`;
    const children = Array.from({ length: 5 }, () =>
      spawn(process.execPath, ['--conditions=@hypermesh/source', '--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    await Promise.all(children.map((child) => once(child.stdout, 'data')));
    const answers = children.map((child) => once(child.stdout, 'data'));
    for (const child of children) child.stdin.write('go');
    const said = (await Promise.all(answers)).map(([text]) => String(text));
    const exits = children.map((child) => once(child, 'exit'));
    for (const child of children) child.stdin.end('done');
    await Promise.all(exits);
    expect(said.filter((text) => text === 'got')).toHaveLength(1);
    expect(said.filter((text) => text === 'node/already-running')).toHaveLength(4);
  });

  it('keeps init and join out of a directory that somebody is at, and that holds a node', async () => {
    using directory = temporaryDirectory();
    {
      using _claim = claimEmptyDirectory(directory);
      expect(await failureOf(() => claimEmptyDirectory(directory))).toMatchObject({
        code: 'node/already-running',
      });
    }
    writeDurably(directory.config, '');
    expect(await failureOf(() => claimEmptyDirectory(directory))).toMatchObject({
      code: 'node/already-initialized',
    });
    expect(existsSync(directory.lock)).toBe(false);
  });

  it('lets an interrupted founding be cleared, so that whoever joins from there founds nothing', () => {
    using directory = temporaryDirectory();
    for (const path of [
      directory.founding,
      join(directory.enrolments, 'a.cbor'),
      directory.authorityKeystore,
    ]) {
      writeDurably(path, 'left over');
    }
    writeDurably(directory.keystore, 'own keys');
    clearUnfinishedFounding(directory);
    expect(readIfPresent(directory.founding)).toBeUndefined();
    expect(existsSync(directory.enrolments)).toBe(false);
    expect(readIfPresent(directory.keystore)?.toString()).toBe('own keys');
  });
});

describe('the passphrase and the keys', () => {
  it('are generated once, and read from a file where one is named', () => {
    using directory = temporaryDirectory();
    const first = newPassphrase(directory, undefined);
    expect(first.passphrase.length).toBeGreaterThan(40);
    expect(newPassphrase(directory, undefined).passphrase).toBe(first.passphrase);
    expect(readPassphrase(directory, undefined)).toBe(first.passphrase);
    const file = join(directory.path, 'secret');
    writeFileSync(file, ' own words \r\n');
    expect(newPassphrase(directory, file)).toEqual({ passphrase: ' own words ' });
  });

  it('that are missing, empty or damaged are named with the file', async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, 'secret');
    for (const attempt of [
      () => newPassphrase(directory, file),
      () => readPassphrase(directory, undefined),
    ]) {
      expect(await failureOf(attempt)).toMatchObject({
        code: 'node/damaged-file',
        reason: 'no passphrase in it',
      });
    }
    makeFolder(directory.path);
    writeFileSync(file, '\n');
    expect(await failureOf(() => newPassphrase(directory, file))).toMatchObject({ file });
    expect(await failureOf(() => loadNodeKeys(directory, 'x'))).toMatchObject({ reason: 'not-found' });
    writeDurably(directory.keystore, 'garbage');
    const damaged = await failureOf(() => loadNodeKeys(directory, 'x'));
    expect(damaged).toMatchObject({ code: 'node/damaged-file', file: directory.keystore });
    expect(damaged.message).not.toContain("'x'");
  });

  it('and certificates that do not decode are refused; none are none', async () => {
    using directory = temporaryDirectory();
    expect(readChain(directory.certificate)).toEqual([]);
    const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    writeDurably(directory.certificate, pem);
    expect(await failureOf(() => readChain(directory.certificate))).toMatchObject({
      code: 'node/damaged-file',
      file: directory.certificate,
    });
  });
});

describe('the address book', () => {
  it('comes back after a restart', () => {
    using directory = temporaryDirectory();
    const [a, b] = [nodeId(), nodeId()];
    {
      using book = openAddressBook(directory);
      book.note(a, 'quic://[::1]:1');
      book.noteHearsay([[b, 'quic://[::1]:2']]);
    }
    using book = openAddressBook(directory);
    expect(book.entries()).toEqual([
      [a, 'quic://[::1]:1'],
      [b, 'quic://[::1]:2'],
    ]);
  });

  it('believes a node about itself, and others only where nothing is known', () => {
    using directory = temporaryDirectory();
    using book = openAddressBook(directory);
    const [a, b] = [nodeId(), nodeId()];
    book.note(a, 'quic://[::1]:1');
    book.noteHearsay([
      [a, 'quic://[::1]:666'],
      [b, 'quic://[::1]:2'],
    ]);
    book.noteHearsay([[b, 'quic://[::1]:666']]);
    expect([book.addressOf(a), book.addressOf(b)]).toEqual(['quic://[::1]:1', 'quic://[::1]:2']);
    book.note(b, 'quic://[::1]:3');
    expect(book.addressOf(b)).toBe('quic://[::1]:3');
  });

  it('is bounded, and what nodes say of themselves drives out hearsay', () => {
    using directory = temporaryDirectory();
    using book = openAddressBook(directory);
    const own = nodeId();
    book.note(own, 'quic://[::1]:1');
    const many = Array.from(
      { length: 10_100 },
      (_, index) => [`node-${index}` as typeof own, 'quic://[::1]:2'] as const,
    );
    book.noteHearsay(many);
    expect(book.entries()).toHaveLength(10_000);
    const late = nodeId();
    book.note(late, 'quic://[::1]:3');
    expect(book.entries()).toHaveLength(10_000);
    expect([book.addressOf(own), book.addressOf(late)]).toEqual(['quic://[::1]:1', 'quic://[::1]:3']);
  });

  it.each(['', 'garbage', '[]', 'null', '"text"', '{"amber":"quic://[::1]:1"}', '{"__proto__":{"a":"b"}}'])(
    'that is damaged (%s) is as good as none',
    (text) => {
      using directory = temporaryDirectory();
      writeDurably(directory.addresses, text);
      using book = openAddressBook(directory);
      expect(book.entries()).toEqual([]);
    },
  );

  it('keeps the good entries of a file with bad ones', () => {
    using directory = temporaryDirectory();
    const good = nodeId();
    writeDurably(
      directory.addresses,
      JSON.stringify({ amber: 'x', [nodeId()]: 7, [good]: 'quic://[::1]:1' }),
    );
    using book = openAddressBook(directory);
    expect(book.entries()).toEqual([[good, 'quic://[::1]:1']]);
  });

  it('writes a crowd of news once', () => {
    using directory = temporaryDirectory();
    using book = openAddressBook(directory);
    for (let port = 1; port < 1000; port++) book.note(nodeId(), `quic://[::1]:${port}`);
    expect(readIfPresent(directory.addresses)).toBeUndefined();
    book.flush();
    const before = statSync(directory.addresses);
    book.flush();
    expect(statSync(directory.addresses).ino).toBe(before.ino);
  });

  it('that cannot be written does not end the process', async () => {
    using directory = temporaryDirectory();
    const warned = Promise.withResolvers<string>();
    const log = { debug() {}, info() {}, error() {}, warn: (event: string) => warned.resolve(event) };
    const book = openAddressBook(directory, log);
    mkdirSync(join(directory.addresses, 'in-the-way'), { recursive: true });
    book.note(nodeId(), 'quic://[::1]:1');
    expect(await warned.promise).toBe('addresses.not-written');
  });
});
