import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import { examine } from '../src/doctor/examine.ts';
import type { Finding } from '../src/doctor/finding.ts';
import { type Probe, systemProbe } from '../src/doctor/probe.ts';
import type { NodeStatus } from '../src/status.ts';
import { hypermesh, startNode } from './processes.ts';
import { temporaryDirectory } from './support.ts';

// Processes and plots take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder: DataDirectory & Disposable;
let sound: DataDirectory;
let running: NodeStatus;

beforeAll(async () => {
  folder = temporaryDirectory();
  sound = dataDirectory(join(folder.path, 'sound'));
  await hypermesh('init', '--data', sound.path, '--name', 'amber', '--validators', '1');
  await using node = await startNode(sound.path);
  await node.call('final', { height: 3 });
  running = await node.call<NodeStatus>('status');
  const asked = await hypermesh('doctor', '--data', sound.path, '--json');
  expect(asked.json(), asked.stderr).toMatchObject({ isRunning: true });
  await node.end('SIGTERM');
  writeFileSync(sound.lastBackup, `${Date.now()}\n`);
});

afterAll(() => folder?.[Symbol.dispose]());

/** A machine on which all is well. */
const healthy: Probe = {
  nodeVersion: '24.15.0',
  platform: 'linux',
  nowMs: () => Date.now(),
  uid: process.getuid?.(),
  text: (path) => texts()[path],
  isWritable: () => true,
  space: () => ({ freeBytes: 10 * 2 ** 30, freeInodes: 1_000_000 }),
  syncMs: () => [1, 2, 3, 4, 5],
  addresses: () => [{ address: '2001:db8::1', isIpv6: true, isInternal: false, isLinkLocal: false }],
  bind: async () => undefined,
  program: () => ({ code: 0, said: '' }),
  native: async () => ({ quic: undefined, blake3: 'native', falcon: 'liboqs' }),
};

const texts = (): Record<string, string> => ({
  '/sys/class/rtc/rtc0/since_epoch': `${Math.round(Date.now() / 1000)}\n`,
  '/proc/meminfo': 'MemTotal: 9000000 kB\nMemAvailable:    8000000 kB\n',
  '/proc/self/limits': 'Max open files            20000                20000                files     \n',
  '/proc/sys/user/max_user_namespaces': '15000\n',
  '/proc/self/cgroup': '0::/user.slice\n',
  '/sys/fs/cgroup/user.slice/cgroup.controllers': 'cpu memory pids\n',
});

const withText = (path: string, text: string | undefined): Partial<Probe> => ({
  text: (asked) => (asked === path ? text : texts()[asked]),
});

async function look(
  directory: DataDirectory,
  change: Partial<Probe> = {},
  parts: { readonly status?: NodeStatus; readonly passphraseFile?: string } = {},
): Promise<readonly Finding[]> {
  const { signal } = new AbortController();
  return examine(directory, { status: undefined, ...parts, probe: { ...healthy, ...change }, signal });
}

const badOf = (findings: readonly Finding[]) =>
  findings
    .filter(({ state }) => state === 'warn' || state === 'fail')
    .map(({ check, state }) => `${check} ${state}`);

/** A copy of the sound directory that a test may damage. */
function copy(name: string): DataDirectory {
  const path = join(folder.path, name);
  cpSync(sound.path, path, { recursive: true });
  return dataDirectory(path);
}

describe('doctor', () => {
  it('finds nothing wrong where nothing is, but that only this machine can reach the node', async () => {
    const findings = await look(sound);
    expect(badOf(findings)).toEqual(['reach warn']);
    expect([...new Set(findings.map(({ check }) => check))]).toEqual([
      'node',
      'clock',
      'data',
      'limits',
      'native',
      'sandbox',
      'ports',
      'reach',
      'certificate',
      'keys',
      'journals',
      'care',
    ]);
    const held = await look(sound, {}, { status: running });
    expect(badOf(held)).toEqual(['reach warn']);
    expect(held.some(({ what }) => what === 'it agrees with the blocks of the mesh')).toBe(true);
  });

  it.each<[string, Partial<Probe>, string, RegExp]>([
    ['an old Node.js', { nodeVersion: '20.1.0' }, 'node fail', /20\.1\.0 is older than 24\.15/],
    ['a clock before its time', { nowMs: () => 0 }, 'clock fail', /it says 1970/],
    [
      'a clock aside of the hardware clock',
      withText('/sys/class/rtc/rtc0/since_epoch', `${Math.round(Date.now() / 1000) - 3600}`),
      'clock warn',
      /differs by 36\d\d s/,
    ],
    ['a foreign directory', { uid: 12_345 }, 'data fail', /belongs to user/],
    [
      'a full disk',
      { space: () => ({ freeBytes: 2 ** 20, freeInodes: 9e9 }) },
      'data fail',
      /1 MiB are free/,
    ],
    ['few inodes', { space: () => ({ freeBytes: 2 ** 40, freeInodes: 12 }) }, 'data warn', /12 more files/],
    ['a slow disk', { syncMs: () => [80, 90, 100, 1, 2] }, 'data warn', /takes 80\.0 ms/],
    [
      'a disk that takes no writes',
      {
        syncMs: () => {
          throw new Error('EROFS: read-only file system');
        },
      },
      'data fail',
      /EROFS/,
    ],
    ['little memory', withText('/proc/meminfo', 'MemAvailable: 1000 kB\n'), 'limits warn', /1 MiB of memory/],
    [
      'few files',
      withText(
        '/proc/self/limits',
        'Max open files            256                256                files\n',
      ),
      'limits warn',
      /256 files/,
    ],
    [
      'no QUIC',
      { native: async () => ({ quic: 'no prebuilt binary', blake3: 'native', falcon: 'liboqs' }) },
      'native fail',
      /no prebuilt binary/,
    ],
    [
      'a portable BLAKE3',
      { native: async () => ({ quic: undefined, blake3: 'portable', falcon: 'liboqs' }) },
      'native warn',
      /BLAKE3 is portable/,
    ],
    [
      'a portable Falcon',
      { native: async () => ({ quic: undefined, blake3: 'native', falcon: 'noble' }) },
      'native warn',
      /Falcon is noble/,
    ],
    [
      'no user namespaces',
      withText('/proc/sys/user/max_user_namespaces', '0\n'),
      'sandbox warn',
      /namespaces are off/,
    ],
    ['no bubblewrap', { program: () => undefined }, 'sandbox warn', /not installed/],
    [
      'a bubblewrap that does not work',
      { program: () => ({ code: 1, said: 'No permissions to create namespace' }) },
      'sandbox warn',
      /No permissions/,
    ],
    ['no control groups', withText('/proc/self/cgroup', undefined), 'sandbox warn', /no control groups/],
    ['a control group of others', { isWritable: () => false }, 'sandbox warn', /not its own/],
    ['no UDP', { bind: async () => 'EADDRNOTAVAIL' }, 'ports fail', /EADDRNOTAVAIL/],
    ['no IPv6 to others', { addresses: () => [] }, 'reach warn', /no IPv6 address beyond itself/],
    [
      'a certificate at its end',
      { nowMs: () => Date.now() + 20 * 3_600_000 },
      'certificate warn',
      /0\.\d days left/,
    ],
    ['a certificate that ended', { nowMs: () => Date.now() + 48 * 3_600_000 }, 'certificate fail', /expired/],
    ['an old backup', { nowMs: () => Date.now() + 9 * 86_400_000 }, 'care warn', /9 days old/],
  ])('names %s, and says what to do', async (_, change, expected, words) => {
    const findings = await look(sound, change);
    expect(badOf(findings)).toContain(expected);
    const found = findings.filter(({ check, state }) => `${check} ${state}` === expected);
    expect(found.map(({ what }) => what).join('\n')).toMatch(words);
    for (const { next } of found) expect(next?.length ?? 0).toBeGreaterThan(3);
  });

  it.each<[string, (directory: DataDirectory) => void, string, RegExp]>([
    ['no node', ({ path }) => rmSync(path, { recursive: true }), 'data fail', /there is no node/],
    [
      'a file in the place of the directory',
      ({ path }) => {
        rmSync(path, { recursive: true });
        writeFileSync(path, '');
      },
      'data fail',
      /no folder/,
    ],
    ['an open directory', ({ path }) => chmodSync(path, 0o755), 'data warn', /others may look/],
    [
      'a bad configuration',
      ({ config }) => writeFileSync(config, 'name = 7\n'),
      'data fail',
      /hypermesh\.toml:1/,
    ],
    ['a newer format', ({ format }) => writeFileSync(format, '99\n'), 'data fail', /format 99/],
    [
      'too little memory for the node',
      ({ config }) =>
        writeFileSync(
          config,
          readFileSync(config, 'utf8').replace('max_memory_mb = 0', 'max_memory_mb = 100'),
        ),
      'limits warn',
      /may take 100 MiB/,
    ],
    ['no certificate', ({ certificate }) => rmSync(certificate), 'certificate fail', /there is none/],
    ['no root', ({ root }) => rmSync(root), 'certificate fail', /no root/],
    [
      'a damaged certificate',
      ({ certificate }) =>
        writeFileSync(certificate, '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'),
      'certificate fail',
      /cannot be used/,
    ],
    [
      'a keystore that does not open',
      ({ keystore }) => truncateSync(keystore, 100),
      'keys fail',
      /does not open/,
    ],
    [
      'another passphrase',
      ({ passphrase }) => writeFileSync(passphrase, 'guess\n'),
      'keys fail',
      /does not open/,
    ],
    ['no keys', ({ path }) => rmSync(join(path, 'keys'), { recursive: true }), 'keys fail', /there are none/],
    [
      'keys that others may read',
      ({ keystore }) => chmodSync(keystore, 0o644),
      'keys warn',
      /others may read/,
    ],
    [
      'damaged blocks',
      ({ ledger }) => {
        const file = join(ledger, 'blocks.dat');
        const bytes = readFileSync(file);
        bytes[60] = (bytes[60] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      },
      'journals fail',
      /damaged at byte/,
    ],
    [
      'a damaged vote log',
      ({ ledger }) => {
        const name = readdirSync(ledger).find((entry) => entry.endsWith('.wal')) ?? '';
        const bytes = readFileSync(join(ledger, name));
        bytes[70] = (bytes[70] ?? 0) ^ 1;
        writeFileSync(join(ledger, name), bytes);
      },
      'journals fail',
      /damaged at byte/,
    ],
    ['no guard', ({ ledger }) => rmSync(join(ledger, 'guard')), 'journals fail', /guard is gone/],
    [
      'a damaged guard',
      ({ ledger }) => truncateSync(join(ledger, 'guard'), 20),
      'journals fail',
      /no sign guard/,
    ],
    [
      'a damaged state of the catalog',
      ({ catalogState }) =>
        writeFileSync(catalogState, 'no database, but long enough to be looked at'.repeat(200)),
      'journals fail',
      /./,
    ],
    ['no backup', ({ lastBackup }) => rmSync(lastBackup), 'care warn', /no backup was ever made/],
  ])('names %s on the disk, where it is, and changes nothing', async (name, damage, expected, words) => {
    const directory = copy(name.replaceAll(' ', '-'));
    damage(directory);
    const before = existsSync(directory.path) ? namesIn(directory.path) : [];
    const findings = await look(directory);
    expect(badOf(findings)).toContain(expected);
    const found = findings.filter(({ check, state }) => `${check} ${state}` === expected);
    expect(found.map(({ what }) => what).join('\n')).toMatch(words);
    for (const { next } of found) expect(next?.length ?? 0).toBeGreaterThan(3);
    expect(existsSync(directory.path) ? namesIn(directory.path) : []).toEqual(before);
    rmSync(directory.path, { recursive: true, force: true });
  });

  it('tells what the running node knows: holds of its clock, members away, content that is lost', async () => {
    const [self] = running.members;
    if (self === undefined) throw new Error('a member');
    const hold = {
      capability: 'clock',
      state: 'refused',
      why: '120 s behind',
      since: '',
      next: 'set it',
    } as const;
    const away = { ...self, name: 'birch', self: false, connected: false };
    const clock = await look(sound, {}, { status: { ...running, holds: [hold] } });
    expect(clock.find(({ what }) => what === '120 s behind')?.state).toBe('fail');
    const reach = await look(sound, {}, { status: { ...running, members: [self, away] } });
    expect(reach.find(({ what }) => what === 'no session with birch')?.state).toBe('warn');
    const phase0 = await look(sound, {}, { status: { ...running, address: '' } });
    expect(phase0.find(({ what }) => what === 'the node listens nowhere yet')?.state).toBe('warn');
    const lost = { lost: [{ root: 'r' }] } as never;
    const content = running.content === undefined ? undefined : { ...running.content, lastScrub: lost };
    const care = await look(sound, {}, { status: { ...running, content } as NodeStatus });
    expect(care.find(({ check, state }) => check === 'care' && state === 'fail')?.what).toContain(
      '1 roots are lost',
    );
  });

  it('says untested where it cannot tell', async () => {
    const silent: Partial<Probe> = { text: () => undefined, platform: 'darwin' };
    const findings = await look(sound, silent, { passphraseFile: '/nowhere' });
    expect(findings.filter(({ state }) => state === 'untested').map(({ check }) => check)).toEqual([
      'clock',
      'clock',
      'limits',
      'limits',
      'sandbox',
      'keys',
      'keys',
      'care',
    ]);
  });

  it('ends with 1 where something fails, and with 0 and all its words otherwise', async () => {
    const bad = await hypermesh('doctor', '--data', '/proc/1/nothing', '--json');
    expect([bad.code, bad.json()['ok']]).toEqual([1, false]);
    const good = await hypermesh('doctor', '--data', sound.path);
    expect(good.code, good.stdout).toBe(0);
    expect(good.stdout).toMatch(/looked at: 0 fail, \d+ warn, \d+ untested/);
    expect(good.stdout).toContain('QUIC listens and closes');
  });

  it('looks at the system itself', () => {
    mkdirSync(join(folder.path, 'probe'));
    expect(systemProbe.syncMs(join(folder.path, 'probe'), 3)).toHaveLength(3);
    expect(readdirSync(join(folder.path, 'probe'))).toEqual([]);
    expect(systemProbe.space(folder.path).freeBytes).toBeGreaterThan(0);
    expect(systemProbe.text('/nowhere')).toBeUndefined();
    expect(systemProbe.program('no-such-program', [])).toBeUndefined();
    expect(systemProbe.isWritable('/nowhere/at/all')).toBe(false);
    renameSync(join(folder.path, 'probe'), join(folder.path, 'probed'));
    expect(() => systemProbe.syncMs(join(folder.path, 'probe'), 1)).toThrow('ENOENT');
  });

  it('finds a port that another socket has', async () => {
    const { createSocket } = await import('node:dgram');
    const socket = createSocket({ type: 'udp6', ipv6Only: true });
    await new Promise<void>((resolve) => socket.bind(0, '::1', resolve));
    expect(await systemProbe.bind('::1', socket.address().port)).toContain('EADDRINUSE');
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    expect(await systemProbe.bind('::1', port)).toBeUndefined();
  });
});

function namesIn(path: string): string[] {
  return statSync(path).isDirectory() ? (readdirSync(path, { recursive: true }) as string[]).sort() : [];
}
