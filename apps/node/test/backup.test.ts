import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { create, extract, Header } from 'tar';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { staleLogMark } from '../src/adapters/transparency.ts';
import { backUp } from '../src/backup/backup.ts';
import { restore } from '../src/backup/restore.ts';
import { type DataDirectory, dataDirectory } from '../src/data-directory.ts';
import { lockDirectory } from '../src/directory-lock.ts';
import { openJournal } from '../src/facts/journal.ts';
import type { NodeStatus } from '../src/status.ts';
import { hypermesh, startNode } from './processes.ts';
import { failureOf, temporaryDirectory } from './support.ts';

// Processes and proofs take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder: DataDirectory & Disposable;
let one: DataDirectory;
let passphraseFile: string;
const passphrase = 'correct horse battery staple';

beforeAll(async () => {
  folder = temporaryDirectory();
  one = dataDirectory(join(folder.path, 'one'));
  mkdirSync(folder.path, { recursive: true });
  passphraseFile = join(folder.path, 'passphrase');
  writeFileSync(passphraseFile, `${passphrase}\n`);
  await hypermesh('init', '--data', one.path, '--name', 'one', '--validators', '1');
  await using node = await startNode(one.path);
  await node.call('register-asset', { note: 'acknowledged' });
  await node.end('SIGTERM');
});

afterAll(() => folder?.[Symbol.dispose]());

const at = (name: string) => join(folder.path, name);
const sealed = { withContent: true, passphrase };
const lastState = { isLastState: true, passphrase };

describe('a backup of a node that was stopped', () => {
  it('comes back as its last state with all that was acknowledged, on the command line, with bytes and a digest', async () => {
    const made = await hypermesh(
      'backup',
      at('a.tar'),
      '--data',
      one.path,
      '--passphrase-file',
      passphraseFile,
      '--json',
    );
    expect(made.json(), made.stderr).toMatchObject({ ok: true, isStopped: true, withContent: true });
    expect(statSync(at('a.tar')).mode & 0o077).toBe(0);
    const words = [
      'restore',
      at('a.tar'),
      '--data',
      at('back'),
      '--passphrase-file',
      passphraseFile,
      '--last-state',
    ];
    const back = await hypermesh(...words, '--json');
    expect(back.json(), back.stderr).toMatchObject({
      ok: true,
      name: 'one',
      isMute: false,
      isLogHeld: false,
    });
    await using node = await startNode(at('back'));
    const { ledger, holds } = await node.call<NodeStatus>('status').then(async () => {
      await node.call('final', { height: 5 });
      return node.call<NodeStatus>('status');
    });
    expect(ledger?.height).toBeGreaterThanOrEqual(5);
    expect(holds).toEqual([]);
    const again = await node.call<{ height: number }>('register-asset', { note: 'afterwards' });
    expect(again.height).toBeGreaterThan(5);
  });

  it('holds no key and no passphrase that is not sealed', async () => {
    await backUp(one, at('secret.tar'), sealed);
    const bytes = readFileSync(at('secret.tar'));
    expect(bytes.includes(readFileSync(one.passphrase).subarray(0, 40))).toBe(false);
    expect(bytes.includes(readFileSync(one.keystore))).toBe(true);
    expect(await failureOf(() => backUp(one, at('open.tar'), { withContent: true }))).toMatchObject({
      code: 'node/bad-flag',
      flag: '--passphrase-file',
    });
    expect(existsSync(at('open.tar'))).toBe(false);
    const wrong = { isLastState: true, passphrase: 'guess' };
    expect(await failureOf(() => restore(at('secret.tar'), dataDirectory(at('x')), wrong))).toMatchObject({
      code: 'node/damaged-file',
      reason: expect.stringContaining('its keys do not open'),
    });
    const none = { isLastState: true };
    expect(await failureOf(() => restore(at('secret.tar'), dataDirectory(at('x')), none))).toMatchObject({
      code: 'node/bad-flag',
    });
    expect(existsSync(at('x'))).toBe(false);
  });

  it('is a plain archive whose digests other programs check', async () => {
    await backUp(one, at('plain.tar'), sealed);
    mkdirSync(at('plain'));
    expect(spawnSync('tar', ['-xf', at('plain.tar'), '-C', at('plain')]).status).toBe(0);
    const sums = spawnSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: at('plain') });
    expect(sums.status).toBe(0);
    expect(existsSync(join(at('plain'), 'plots'))).toBe(false);
    expect(existsSync(join(at('plain'), 'daemon.pid'))).toBe(false);
  });

  it('holds what cannot be made anew, under whatever names, and nothing of one process or machine', async () => {
    const full = dataDirectory(at('full'));
    cpSync(one.path, full.path, { recursive: true });
    const digest = 'ab'.repeat(16);
    const kept = [
      'alerts.toml',
      'log-view',
      'extensions.json',
      'before-format-2/ledger/blocks.dat',
      'certificates/revocations/list.pem',
      'extension-data/acme.tool/6162',
      // What packages hold is theirs, however it is named.
      ...['lock', 'passphrase', 'a.new', 'b.next', 'drafts/c', 'state.db', `${'d'.repeat(150)}.txt`].flatMap(
        (name) => [
          `catalog/trees/${'cd'.repeat(32)}/${name}`,
          `extension-packages/acme.tool@${digest}/${name}`,
        ],
      ),
      `catalog/trees/${'cd'.repeat(32)}/${'deep/'.repeat(60)}file`,
    ];
    const left = [
      'api-token',
      'api-token-read',
      'api.json',
      'control.sock',
      'daemon.pid',
      'ledger-index.sqlite',
      'logs/1.log',
      'history/fine-1.seg',
      'engines/x',
      'plots/x',
      'content/staging/x',
      'catalog/drafts/x',
      `extension-packages/acme.tool@${digest}.new/x`,
      'facts.cbor.123.new',
      'ledger/guard.next',
    ];
    for (const name of [...kept, ...left]) {
      mkdirSync(join(full.path, dirname(name)), { recursive: true });
      writeFileSync(join(full.path, name), name);
    }
    rmSync(full.lock, { force: true });
    await backUp(full, at('full.tar'), sealed);
    const half = at('twice.4194304.partial');
    mkdirSync(half);
    await restore(at('full.tar'), dataDirectory(at('twice')), lastState);
    expect(existsSync(half)).toBe(false);
    for (const name of kept) expect(readFileSync(join(at('twice'), name), 'utf8')).toBe(name);
    expect(left.filter((name) => existsSync(join(at('twice'), name)))).toEqual([]);
    expect(readFileSync(dataDirectory(at('twice')).passphrase)).toEqual(readFileSync(one.passphrase));
    expect(
      await failureOf(() => restore(at('full.tar'), dataDirectory(at('twice')), lastState)),
    ).toMatchObject({ code: 'node/already-initialized' });
  });

  it('holds the journal as it is, and goes without one that is damaged and says so', async () => {
    const noted = dataDirectory(at('noted'));
    cpSync(one.path, noted.path, { recursive: true });
    const note = (lease: string) => {
      using journal = openJournal(noted.journal, () => expect.unreachable());
      journal.prepare("insert into runs values (?, 'asked', 'ended', 1, '{}', null)").run(lease);
      return journal
        .prepare('select lease from runs')
        .all()
        .map(({ lease: found }) => found);
    };
    note('first');
    await backUp(noted, at('noted.tar'), sealed);
    await restore(at('noted.tar'), dataDirectory(at('noted-again')), lastState);
    using journal = openJournal(dataDirectory(at('noted-again')).journal, () => expect.unreachable());
    expect(journal.prepare('select lease from runs').all()).toEqual([{ lease: 'first' }]);

    writeFileSync(noted.journal, 'no database at all'.repeat(1_000));
    const report = await backUp(noted, at('damaged.tar'), sealed);
    expect(report.damaged).toEqual(['journal.sqlite']);
    await restore(at('damaged.tar'), dataDirectory(at('without')), lastState);
    expect(existsSync(dataDirectory(at('without')).journal)).toBe(false);
  });

  it('of a log that is held holds it still', async () => {
    const held = dataDirectory(at('held'));
    cpSync(one.path, held.path, { recursive: true });
    writeFileSync(join(held.log, staleLogMark), '1\n');
    await backUp(held, at('held.tar'), sealed);
    await restore(at('held.tar'), dataDirectory(at('held-again')), lastState);
    expect(existsSync(join(dataDirectory(at('held-again')).log, staleLogMark))).toBe(true);
  });

  it('before its mesh was founded comes back only as the last state', async () => {
    const early = dataDirectory(at('early'));
    cpSync(one.path, early.path, { recursive: true });
    rmSync(early.genesis);
    await backUp(early, at('early.tar'), sealed);
    const stale = { isLastState: false, passphrase };
    expect(await failureOf(() => restore(at('early.tar'), dataDirectory(at('e')), stale))).toMatchObject({
      code: 'node/refused',
      reason: expect.stringContaining('before its mesh was founded'),
    });
    await restore(at('early.tar'), dataDirectory(at('e')), lastState);
    using _running = lockDirectory(early);
    expect(await failureOf(() => backUp(early, at('early2.tar'), sealed))).toMatchObject({
      code: 'node/refused',
      reason: 'its mesh is not founded yet',
    });
  });

  it('never replaces a file, and leaves nothing where it is given up', async () => {
    writeFileSync(at('mine'), 'mine');
    expect(await failureOf(() => backUp(one, at('mine'), sealed))).toMatchObject({ code: 'node/refused' });
    expect(readFileSync(at('mine'), 'utf8')).toBe('mine');
    const stop = new AbortController();
    const given = backUp(one, at('given-up.tar'), {
      ...sealed,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('given up')),
    });
    await expect(given).rejects.toThrow('given up');
    expect(readdirSync(folder.path).filter((name) => /given-up|partial/.test(name))).toEqual([]);
  });

  it('is not made of a node whose directory another process has just taken', async () => {
    const starting = startNode(one.path);
    const made = await backUp(one, at('race.tar'), sealed).catch((error: unknown) => error);
    await using node = await starting.catch(async () => startNode(one.path));
    if (!(made instanceof Error)) expect(made).toHaveProperty('isStopped');
    expect(await node.end('SIGTERM')).toBe(0);
  });
});

describe('a backup that is not sound', () => {
  const damage: [string, (file: string) => void | Promise<void>, RegExp][] = [
    [
      'cut short',
      (file) => truncateSync(file, statSync(file).size - 4096),
      /end is missing|unexpected|truncated/i,
    ],
    ['empty', (file) => truncateSync(file, 0), /end is missing|unrecognized/i],
    [
      'changed in one byte of a file',
      (file) => {
        const bytes = readFileSync(file);
        const where = bytes.indexOf('-----BEGIN CERTIFICATE-----') + 200;
        bytes[where] = (bytes[where] ?? 0) ^ 1;
        writeFileSync(file, bytes);
      },
      /certificates\/.* is damaged/,
    ],
    ['no archive', (file) => writeFileSync(file, 'words '.repeat(1000)), /./],
    [
      'one with a link',
      async (file) => {
        const folderOf = `${file}.d`;
        mkdirSync(folderOf);
        await extract({ file, cwd: folderOf });
        spawnSync('ln', ['-s', '/etc/passwd', join(folderOf, 'link')]);
        await create({ file, cwd: folderOf }, readdirSync(folderOf));
      },
      /link is no plain file/,
    ],
    [
      'one with a file more',
      async (file) => {
        const folderOf = `${file}.e`;
        mkdirSync(folderOf);
        await extract({ file, cwd: folderOf });
        writeFileSync(join(folderOf, 'more'), 'more');
        await create({ file, cwd: folderOf }, readdirSync(folderOf));
      },
      /more is damaged/,
    ],
  ];

  it.each([
    ['above it', '../escaped', 'File'],
    ['at an absolute path', '/tmp/hypermesh-escaped', 'File'],
    ['as a hard link', 'linked', 'Link'],
    ['as a device', 'device', 'CharacterDevice'],
  ] as const)('with an entry %s restores nothing and writes nothing elsewhere', async (words, path, type) => {
    const file = at(`${words.replaceAll(' ', '-')}.tar`);
    const block = Buffer.alloc(512);
    const linkpath = '/etc/passwd';
    new Header({ path, type, mode: 0o600, size: 0, ...(type === 'Link' ? { linkpath } : {}) }).encode(
      block,
      0,
    );
    writeFileSync(file, block);
    await backUp(one, `${file}.sound`, sealed);
    appendFileSync(file, readFileSync(`${file}.sound`));
    expect(await failureOf(() => restore(file, dataDirectory(at('never')), lastState))).toMatchObject({
      code: 'node/damaged-file',
    });
    expect([
      existsSync(at('never')),
      existsSync(at('escaped')),
      existsSync('/tmp/hypermesh-escaped'),
    ]).toEqual([false, false, false]);
  });

  it.each(damage)('%s restores nothing', async (name, change, reason) => {
    const file = at(`${name.replaceAll(' ', '-')}.tar`);
    if (!existsSync(at('sound.tar'))) await backUp(one, at('sound.tar'), sealed);
    copyFileSync(at('sound.tar'), file);
    await change(file);
    const failure = await failureOf(() => restore(file, dataDirectory(at('never')), lastState));
    expect(failure.code).toBe('node/damaged-file');
    expect('reason' in failure ? failure.reason : '').toMatch(reason);
    expect(existsSync(at('never'))).toBe(false);
  });

  it('is not restored over anything', async () => {
    await backUp(one, at('over.tar'), sealed);
    expect(await failureOf(() => restore(at('over.tar'), one, lastState))).toMatchObject({
      code: 'node/already-initialized',
    });
    expect(
      await failureOf(() => restore(at('nowhere.tar'), dataDirectory(at('y')), lastState)),
    ).toMatchObject({
      code: 'node/damaged-file',
      reason: 'it cannot be read',
    });
  });

  it('is refused where nobody could show how far the validator voted', async () => {
    await backUp(one, at('few.tar'), sealed);
    const stale = { isLastState: false, passphrase };
    expect(await failureOf(() => restore(at('few.tar'), dataDirectory(at('z')), stale))).toMatchObject({
      code: 'node/refused',
      next: expect.stringContaining('--last-state'),
    });
    await using _node = await startNode(one.path);
    await backUp(one, at('ran.tar'), sealed);
    expect(await failureOf(() => restore(at('ran.tar'), dataDirectory(at('z')), lastState))).toMatchObject({
      code: 'node/refused',
      reason: expect.stringContaining('while the node ran'),
    });
  });
});
