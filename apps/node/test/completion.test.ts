import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { scriptFor } from '../src/cli/completion/command.ts';
import { namesOf } from '../src/cli/completion/names.ts';
import { temporaryDirectory } from './support.ts';

vi.setConfig({ testTimeout: 60_000 });

const directory = temporaryDirectory();
const folder = dirname(directory.path);
const work = join(folder, 'work');
const asked = join(folder, 'asked');

/** What the shells find as `hypermesh`: it tells what it is called with, and answers `__complete` as a node would. */
const program = `#!/bin/sh
echo "$@" >> '${asked}'
[ "$1" = __complete ] || exit 1
case $2 in
  packages) printf '%s\\n' anagrams analysis @scope/wide;;
  members) printf '%s\\n' amber birch;;
  regions) printf '%s\\n' fd48:4d00::1 fd48:4d00::2;;
esac
`;

beforeAll(async () => {
  mkdirSync(join(work, 'inputs'), { recursive: true });
  writeFileSync(join(work, 'input.txt'), '');
  writeFileSync(join(folder, 'hypermesh'), program);
  chmodSync(join(folder, 'hypermesh'), 0o755);
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    writeFileSync(join(folder, `hypermesh.${shell}`), await scriptFor(shell));
});
afterAll(() => directory[Symbol.dispose]());

const environment = () => ({
  ...process.env,
  PATH: `${folder}:${process.env['PATH']}`,
  HOME: work,
  TERM: 'dumb',
  HYPERMESH_SCRIPTS: folder,
});

/** What a shell offers for each line. */
function offered(shell: string, lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const script = fileURLToPath(new URL(`shells/offered.${shell}`, import.meta.url));
  const argv = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell] ?? [];
  const options = { cwd: work, env: environment(), encoding: 'utf8', timeout: 45_000 } as const;
  const text = execFileSync(shell, [...argv, script, ...lines], options);
  return new Map(
    text
      .split('LINE ')
      .slice(1)
      .map((part) => {
        const [line = '', ...words] = part.split('\n');
        return [line, words.map((word) => word.split('\t')[0] ?? '').filter((word) => word !== '')] as const;
      }),
  );
}

/** Lines, with all that is offered for each. */
const cases: Readonly<Record<string, readonly string[]>> = {
  'hypermesh cat': ['catalog'],
  'hypermesh in': ['init', 'invite'],
  'hypermesh __': [],
  'hypermesh catalog in': ['info', 'install'],
  'hypermesh catalog install --pro': ['--project'],
  'hypermesh assets policy cpu --level p': ['p2p', 'private', 'private-network', 'public-network'],
  'hypermesh completion ': ['bash', 'fish', 'zsh'],
  'hypermesh run anagrams --on ': ['amber', 'birch'],
  'hypermesh catalog install ana': ['anagrams', 'analysis'],
  'hypermesh catalog install anagrams --data /tmp/x ana': ['anagrams', 'analysis'],
  'hypermesh catalog install --data /tmp/x ana': ['anagrams', 'analysis'],
  'hypermesh wallet transfer ': ['amber', 'birch'],
  'hypermesh wallet transfer birch ': [],
  'hypermesh memory read fd48:': ['fd48:4d00::1', 'fd48:4d00::2'],
  'hypermesh run anagrams --input inp': ['input.txt', 'inputs/'],
  'hypermesh up --data inp': ['inputs/'],
  'hypermesh nonsense ': [],
};

/** What bash gives instead: readline goes on behind its last word break, and completes files by itself. */
const ofBash: Readonly<Record<string, readonly string[]>> = {
  'hypermesh memory read fd48:': ['4d00::1', '4d00::2'],
  'hypermesh run anagrams --input inp': ['FILES'],
  'hypermesh up --data inp': ['FOLDERS'],
};

describe('completion', () => {
  it.for(['bash', 'zsh', 'fish'])('offers in %s words, flags, choices, names and files', (shell, ctx) => {
    if (spawnSync(shell, ['--version']).error !== undefined) ctx.skip(`${shell} is not here`);
    const found = offered(shell, Object.keys(cases));
    for (const [line, words] of Object.entries(cases)) {
      const wanted = shell === 'bash' ? (ofBash[line] ?? words) : words;
      const names = (found.get(line) ?? []).map((word) => (word === 'inputs' ? 'inputs/' : word));
      expect([...new Set(names)].sort(), line).toEqual([...wanted].sort());
    }
    expect(readFileSync(asked, 'utf8')).toContain('__complete packages --data /tmp/x');
  });

  it('puts the rest of a word on the line when TAB is pressed in bash', (ctx) => {
    if (spawnSync('script', ['--version']).error !== undefined) ctx.skip('script is not here');
    const lines = [
      `. ${folder}/hypermesh.bash`,
      'hypermesh catalog inst\t',
      'hypermesh memory read fd48:4d00::1\t--le\t9',
    ];
    execFileSync('script', ['-qc', 'bash --norc --noprofile -i', '/dev/null'], {
      cwd: work,
      env: environment(),
      input: `${lines.join('\n')}\nexit\n`,
      timeout: 45_000,
    });
    const calls = readFileSync(asked, 'utf8').split('\n');
    expect(calls).toContain('catalog install');
    expect(calls).toContain('memory read fd48:4d00::1 --length 9');
  });

  it('asks the running node for names, and offers none that a shell would act on', async () => {
    const answers: Readonly<Record<string, object>> = {
      status: { members: [{ name: 'birch' }, { name: 'amber' }, { name: 'birch' }] },
      list: {
        packages: [
          { name: 'left' },
          { name: '$(reboot)' },
          { name: 'a;b' },
          { name: '-f' },
          { name: '@s/w' },
        ],
      },
      search: { packages: [{ name: 'left' }] },
      assets: { own: [{ kind: 'cpu' }], ledger: [{ id: 'bafy1' }] },
      extensions: {
        extensions: [{ id: 'hypermesh.catalog', operations: [{ name: 'catalog.list' }] }],
        pins: [{ signer: 'bafysigner' }],
      },
      'memory-list': {
        regions: [{ address: 'fd48::1' }],
        usable: [{ address: 'fd48::2' }],
        grants: [
          { grant: 'g1', isRevoked: false },
          { grant: 'g2', isRevoked: true },
        ],
      },
      wallet: { holds: [{ id: 'lease1' }] },
    };
    const call = async (method: string) => answers[method] as never;
    expect(await namesOf('members', call)).toEqual(['amber', 'birch']);
    expect(await namesOf('installed', call)).toEqual(['@s/w', 'left']);
    expect(await namesOf('packages', call)).toEqual(['left']);
    expect(await namesOf('assets', call)).toEqual(['bafy1', 'cpu']);
    expect(await namesOf('extensions', call)).toEqual(['hypermesh.catalog']);
    expect(await namesOf('operations', call)).toEqual(['catalog.list']);
    expect(await namesOf('signers', call)).toEqual(['bafysigner']);
    expect(await namesOf('regions', call)).toEqual(['fd48::1', 'fd48::2']);
    expect(await namesOf('grants', call)).toEqual(['g1']);
    expect(await namesOf('leases', call)).toEqual(['lease1']);
  });

  it('is silent and done at once where no node runs', () => {
    const entry = fileURLToPath(new URL('fixtures/hypermesh.ts', import.meta.url));
    const argv = ['--conditions=@hypermesh/source', entry, '__complete', 'members', '--data', directory.path];
    const ended = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect({ status: ended.status, stdout: ended.stdout, stderr: ended.stderr }).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    expect(existsSync(directory.path)).toBe(false);
  });
});
