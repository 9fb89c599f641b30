import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { nodeIdOf } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { describe, expect, it } from 'vitest';
import {
  checkListen,
  checkName,
  defaultConfig,
  type NodeConfig,
  readConfig,
  writeConfig,
} from '../src/config.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const good = 'name = "amber"\nlisten = "quic://[::1]:0"\n';

describe('hypermesh.toml', () => {
  it('comes back as it was written, with and without a founder', () => {
    using directory = temporaryDirectory();
    const founder = nodeIdOf(generateKey().publicKey);
    const configs: readonly NodeConfig[] = [
      { ...defaultConfig, name: 'amber' },
      { ...defaultConfig, name: 'birch', founder, listen: 'quic://[::]:4433', maxRunFuel: 2n ** 62n },
      {
        ...defaultConfig,
        name: 'cedar',
        lend: { level: 'private', cpuPercent: 0, memoryPercent: 100, storagePercent: 1 },
      },
    ];
    for (const config of configs) {
      writeConfig(directory, config);
      expect(readConfig(directory)).toEqual(config);
    }
  });

  it('may leave limits out', () => {
    using directory = temporaryDirectory();
    mkdirSync(directory.path);
    writeFileSync(directory.config, good);
    expect(readConfig(directory)).toEqual({ ...defaultConfig, name: 'amber' });
  });

  it('that is missing means that there is no node, and says how to make one', async () => {
    using directory = temporaryDirectory();
    const failure = await failureOf(() => readConfig(directory));
    expect(failure).toMatchObject({ code: 'node/not-initialized', directory: directory.path });
    expect(failure.next).toContain('hypermesh init');
    expect(failure.next).toContain('hypermesh join');
  });

  it.each([
    ['no TOML', 'name = "amber"\n!!\n', 2, 'Invalid TOML'],
    ['half a text', 'name = "amb', 1, 'Invalid TOML'],
    ['a key twice', `${good}name = "b"\n`, 3, 'redefine'],
    ['an unknown setting', `${good}colour = "red"\n`, 3, 'there is no setting colour'],
    ['an unknown limit', `${good}\n[run]\nmax_heat = 1\n`, 5, 'there is no setting run.max_heat'],
    ['a name of capitals', 'name = "Amber"\nlisten = "quic://[::1]:0"\n', 1, 'name must be'],
    ['a name that is no text', 'name = 4\nlisten = "quic://[::1]:0"\n', 1, 'name must be'],
    ['no name', 'listen = "quic://[::1]:0"\n', undefined, 'name must be'],
    ['no address', 'name = "amber"\n', undefined, 'listen must be'],
    ['an address of another kind', 'name = "amber"\nlisten = "http://[::1]:1"\n', 2, 'listen must be'],
    ['a port beyond all ports', 'name = "amber"\nlisten = "quic://[::1]:65536"\n', 2, 'listen must be'],
    ['a founder that is no node', `${good}founder = "cedar"\n`, 3, 'founder must be a NodeId'],
    ['run that is a text', `${good}run = "fast"\n`, 3, 'run must be a table'],
    ['run that is a list', `${good}run = []\n`, 3, 'run must be a table'],
    ['run that is a date', `${good}run = 2020-01-01\n`, 3, 'run must be a table'],
    ['fuel of 0', `${good}[run]\nmax_fuel = 0\n`, 4, 'run.max_fuel must be an integer from 1'],
    ['fuel beyond all fuel', `${good}[run]\nmax_fuel = 4611686018427387905\n`, 4, 'run.max_fuel'],
    ['a fraction of a page', `${good}[run]\nmax_memory_pages = 1.5\n`, 4, 'run.max_memory_pages'],
    ['pages beyond all memory', `${good}[run]\nmax_memory_pages = 65537\n`, 4, 'run.max_memory_pages'],
    ['a text for a time', `${good}[run]\nmax_ms = "60000"\n`, 4, 'run.max_ms'],
    ['a time that is negative', `${good}[run]\nmax_ms = -1\n`, 4, 'run.max_ms'],
    ['lend that is a text', `${good}lend = "all"\n`, 3, 'lend must be a table'],
    ['an unknown loan', `${good}[lend]\ngpu_percent = 5\n`, 4, 'there is no setting lend.gpu_percent'],
    ['more than all', `${good}[lend]\ncpu_percent = 101\n`, 4, 'lend.cpu_percent must be an integer from 0'],
    ['less than nothing', `${good}[lend]\nmemory_percent = -1\n`, 4, 'lend.memory_percent'],
    ['a part of a percent', `${good}[lend]\nstorage_percent = 0.5\n`, 4, 'lend.storage_percent'],
    ['an unknown level', `${good}[lend]\nlevel = "friends"\n`, 4, 'lend.level must be one of private'],
  ])('with %s is refused, with file and line', async (_, text, line, words) => {
    using directory = temporaryDirectory();
    mkdirSync(directory.path);
    writeFileSync(directory.config, text);
    const failure = await failureOf(() => readConfig(directory));
    expect(failure).toMatchObject({ code: 'node/bad-config', file: directory.config });
    expect('line' in failure ? failure.line : undefined).toBe(line);
    expect(failure.message).toContain(words);
    expect(failure.message.startsWith(directory.config + (line === undefined ? '' : `:${line}`))).toBe(true);
    expect(readFileSync(directory.config, 'utf8')).toBe(text);
  });
});

describe('what init and join take', () => {
  it.each(['a', '0', 'amber', 'node-1', 'a'.repeat(32)])('%s names a node', (name) => {
    expect(checkName(name)).toBe(name);
  });

  it.each(['', 'A', '-a', 'a-', 'a b', 'ä', 'a'.repeat(33), 'a\n', '../a'])('%j names none', async (name) => {
    expect(await failureOf(() => checkName(name))).toMatchObject({ code: 'node/bad-flag', flag: '--name' });
  });

  it.each(['quic://[::1]:0', 'quic://[2001:db8::1]:65535', 'quic://127.0.0.1:4433'])(
    '%s can be listened on',
    (address) => {
      expect(checkListen(address)).toBe(address);
    },
  );

  it.each([
    '',
    '[::1]:0',
    'quic://localhost:0',
    'quic://[::1]',
    'quic://[::1]:99999',
    'quic://[::1]:0\n',
    'tcp://[::1]:0',
  ])('%j cannot', async (address) => {
    expect(await failureOf(() => checkListen(address))).toMatchObject({
      code: 'node/bad-flag',
      flag: '--listen',
    });
  });
});
