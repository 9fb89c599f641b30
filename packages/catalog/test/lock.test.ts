import { cidOf, utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  compareLocks,
  type Lock,
  type LockedPackage,
  lockedVersions,
  parseLock,
  resolve,
  why,
  writeLock,
} from '../src/index.ts';

function locked(name: string, version: string, dependencies: Record<string, string> = {}): LockedPackage {
  return {
    name,
    version,
    digest: cidOf(utf8(`${name}@${version}`), 'dag-cbor'),
    root: cidOf(utf8(`${name}@${version}`), 'dag-cbor', 'blake3-256'),
    bytes: 1000,
    signers: ['Ed25519:ab', 'Ed25519:cd'],
    dependencies,
  };
}

const lock: Lock = {
  requirements: { app: '^1.0.0', '@scope/tool': '>=2 <3 || 4.x' },
  packages: [
    locked('left', '1.1.0', { shared: '2.0.0-rc.1' }),
    locked('app', '1.0.0', { left: '1.1.0', right: '3.0.0' }),
    locked('right', '3.0.0', { shared: '2.0.0-rc.1' }),
    locked('shared', '2.0.0-rc.1'),
    locked('@scope/tool', '2.5.0'),
  ],
};

describe('a lock file', () => {
  test('comes back from its text, and its text is the same however the lock was put together [catalog-03]', () => {
    const text = writeLock(lock);
    const back = parseLock(text);
    if (!back.ok) throw new Error(JSON.stringify(back.errors));
    expect(writeLock(back.lock)).toBe(text);
    expect(compareLocks(lock, back.lock)).toEqual([]);
    const shuffled = {
      requirements: Object.fromEntries(Object.entries(lock.requirements).reverse()),
      packages: [...lock.packages].reverse(),
    };
    expect(writeLock(shuffled)).toBe(text);
    expect(text).toMatchInlineSnapshot(`
      "# Written by hypermesh. Keep it with your sources.
      lockVersion: 1
      requirements:
        "@scope/tool": ">=2 <3 || 4.x"
        app: "^1.0.0"
      packages:
        "@scope/tool@2.5.0":
          digest: bafyreifau3tn4vofcqosi7acex5f5dt3pdvv43x3cg567ftxsbonwiwxtu
          root: bafyr4ic3qyazyfmxpekphq3o3npdoipmeqgx4aezrqdnqoo354g2g62ioy
          bytes: 1000
          signers:
            - "Ed25519:ab"
            - "Ed25519:cd"
        app@1.0.0:
          digest: bafyreia26rgxunkvostep3c327py7q34272mq4q3llmw4nxwthiahe36jq
          root: bafyr4ic6gdplgpu3rsoqbyckvqz6lxz6qpqxfgppb5wglcxnrektlky6ii
          bytes: 1000
          signers:
            - "Ed25519:ab"
            - "Ed25519:cd"
          dependencies:
            left: "1.1.0"
            right: "3.0.0"
        left@1.1.0:
          digest: bafyreididqjlw27rkfrujarp4jcox4icut3uricesygmgaieydcj2x757m
          root: bafyr4icd4fmjvg366s6dvwsqutmmnppzif6gqd4w4gamscls6uhpsavb2e
          bytes: 1000
          signers:
            - "Ed25519:ab"
            - "Ed25519:cd"
          dependencies:
            shared: "2.0.0-rc.1"
        right@3.0.0:
          digest: bafyreic5w7lgexsywt2rbayzh4rleiftwaji52n4bta3pxnxjwd2dageku
          root: bafyr4ifcbve2fo3v6u3usd2p3vrnwip46yimp2kdxgib5rk4uh3afuxyhq
          bytes: 1000
          signers:
            - "Ed25519:ab"
            - "Ed25519:cd"
          dependencies:
            shared: "2.0.0-rc.1"
        shared@2.0.0-rc.1:
          digest: bafyreigq4eyvibitsffpfd27bhwsbq3vkdtwnundkwteo3wx7hpgt6il7m
          root: bafyr4ihgfvdqmm3htlauj7gssdmzdyoreqoy2n6vw6fnftq4iezuwy6mbm
          bytes: 1000
          signers:
            - "Ed25519:ab"
            - "Ed25519:cd"
      "
    `);
  });

  test('gives names and versions back that YAML would read as something else', () => {
    const names = ['true', 'null', 'yes', '1e3', '0x10', 'no', '1.0.0', 'a.b', '@a/b'];
    const odd: Lock = {
      requirements: Object.fromEntries(names.map((name) => [name, '*'])),
      packages: names.map((name) => locked(name, '1.0.0')),
    };
    expect(parseLock(writeLock(odd))).toMatchObject({ ok: true, lock: { requirements: odd.requirements } });
  });

  test('keeps what a solver chose, so that solving again from it chooses the same [catalog-03]', () => {
    const index = { a: { '1.0.0': { dependencies: { b: '^1' } } }, b: { '1.0.0': {}, '1.1.0': {} } };
    const older: Lock = {
      requirements: { a: '*' },
      packages: [locked('a', '1.0.0', { b: '1.0.0' }), locked('b', '1.0.0')],
    };
    expect(resolve({ a: '*' }, index)).toMatchObject({ packages: { b: '1.1.0' } });
    expect(resolve({ a: '*' }, index, { locked: lockedVersions(older) })).toMatchObject({
      packages: { b: '1.0.0' },
    });
  });

  test('differs in few lines where few things differ', () => {
    const before = writeLock(lock).split('\n');
    const packages = lock.packages.map((one) =>
      one.name === '@scope/tool' ? locked('@scope/tool', '2.6.0') : one,
    );
    const after = writeLock({ ...lock, packages }).split('\n');
    expect(after.length).toBe(before.length);
    expect(after.filter((line, index) => line !== before[index]).length).toBe(3);
  });

  test.each<[string, (text: string) => string, string, RegExp]>([
    [
      'another version of the format',
      (text) => text.replace('lockVersion: 1', 'lockVersion: 2'),
      'out-of-range',
      /lockVersion/,
    ],
    ['no packages', (text) => text.slice(0, text.indexOf('packages:')), 'missing', /packages/],
    ['a digest that is none', (text) => text.replace(/digest: \S+/, 'digest: abc'), 'wrong-value', /digest/],
    ['a missing digest', (text) => text.replace(/ {4}digest: \S+\n/, ''), 'missing', /digest/],
    [
      'a package twice',
      (text) =>
        `${text}  left@2.0.0:\n    digest: ${locked('x', '1.0.0').digest}\n    root: ${locked('x', '1.0.0').root}\n    bytes: 1\n`,
      'duplicate-key',
      /left/,
    ],
    ['a key without version', (text) => text.replace('  app@1.0.0:', '  app:'), 'bad-name', /app/],
    [
      'a requirement that its package does not meet',
      (text) => text.replace('app: "^1.0.0"', 'app: "^2.0.0"'),
      'differs',
      /requirements/,
    ],
    [
      'a dependency that is not locked',
      (text) => text.replace('left: "1.1.0"', 'left: "1.2.0"'),
      'differs',
      /app/,
    ],
    [
      'a name that climbs',
      (text) => text.replace('app: "^1.0.0"', '"../app": "^1.0.0"'),
      'bad-name',
      /requirements/,
    ],
    ['an unknown key', (text) => `${text}more: 1\n`, 'unknown-key', /more/],
    ['a merge conflict', (text) => text.replace('packages:', '<<<<<<< ours\npackages:'), 'not-yaml', /\$/],
    ['size that is no number', (text) => text.replace('bytes: 1000', 'bytes: many'), 'wrong-kind', /bytes/],
  ])('with %s is refused, with line and column', (_, alter, code, path) => {
    const altered = alter(writeLock(lock));
    expect(altered).not.toBe(writeLock(lock));
    const found = parseLock(altered);
    if (found.ok) throw new Error('the lock was taken');
    const problem = found.errors.find((one) => one.code === code);
    expect(problem?.path).toMatch(path);
    expect(problem?.line).toBeGreaterThan(0);
    expect(problem?.column).toBeGreaterThan(0);
  });

  test('never throws over text of others', () => {
    const good = writeLock(lock);
    fc.assert(
      fc.property(
        fc.nat({ max: good.length }),
        fc.string({ maxLength: 6 }),
        fc.nat({ max: 30 }),
        (at, put, cut) => {
          parseLock(good.slice(0, at) + put + good.slice(at + cut));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('frozen', () => {
  const change = (name: string, altered: Partial<LockedPackage>): Lock => ({
    ...lock,
    packages: lock.packages.map((one) => (one.name === name ? { ...one, ...altered } : one)),
  });

  test.each<[string, Lock, string, string]>([
    [
      'a new requirement',
      { ...lock, requirements: { ...lock.requirements, left: '*' } },
      'requirement',
      'left',
    ],
    [
      'a changed requirement',
      { ...lock, requirements: { ...lock.requirements, app: '^1.0.1' } },
      'requirement',
      'app',
    ],
    ['a requirement less', { ...lock, requirements: { app: '^1.0.0' } }, 'requirement', '@scope/tool'],
    ['a package more', { ...lock, packages: [...lock.packages, locked('new', '1.0.0')] }, 'added', 'new'],
    ['a package less', { ...lock, packages: lock.packages.slice(1) }, 'removed', 'left'],
    ['another version', change('left', { version: '1.2.0' }), 'version', 'left'],
    ['another record', change('left', { digest: locked('x', '1.0.0').digest }), 'content', 'left'],
    ['another signer', change('left', { signers: ['Ed25519:ab', 'Ed25519:ef'] }), 'signers', 'left'],
    ['other dependencies', change('left', { dependencies: {} }), 'dependencies', 'left'],
  ])('fails on %s and says so', (_, wanted, kind, name) => {
    const changes = compareLocks(lock, wanted);
    expect(changes).toMatchObject([{ kind, name }]);
    expect(changes[0]?.message).not.toMatch(/undefined/);
  });

  test('holds where nothing changed', () => {
    expect(compareLocks(lock, { ...lock, packages: [...lock.packages].reverse() })).toEqual([]);
  });
});

describe('why', () => {
  test('gives every path from what was asked for, the shortest first', () => {
    expect(why(lock, 'shared')).toEqual([
      ['app@1.0.0', 'left@1.1.0', 'shared@2.0.0-rc.1'],
      ['app@1.0.0', 'right@3.0.0', 'shared@2.0.0-rc.1'],
    ]);
    expect(why(lock, 'app')).toEqual([['app@1.0.0']]);
    expect(why(lock, 'none')).toEqual([]);
  });

  test('ends in a lock where everything uses everything', () => {
    const names = Array.from({ length: 30 }, (_, number) => `p${number}`);
    const all = Object.fromEntries(names.map((name) => [name, '1.0.0']));
    const dense: Lock = {
      requirements: { p0: '*' },
      packages: names.map((name) => locked(name, '1.0.0', all)),
    };
    expect(why(dense, 'p29')[0]).toEqual(['p0@1.0.0', 'p29@1.0.0']);
    expect(why(dense, 'p29').length).toBe(50);
  });
});
