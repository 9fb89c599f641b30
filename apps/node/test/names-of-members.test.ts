import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataDirectory } from '../src/data-directory.ts';
import { initMesh } from '../src/init.ts';
import { joinMesh } from '../src/join.ts';
import { formatInvitation, type Invitation } from '../src/mesh/invitation.ts';
import { hypermesh } from './processes.ts';
import { failureOf, temporaryDirectory } from './support.ts';

const invitation: Invitation = {
  v: 1,
  root: `SHA256:${'0'.repeat(64)}`,
  addresses: [],
  node: 'bafyreinobody',
  token: new Uint8Array(32),
};

describe('a name that cannot be one', () => {
  it.for<[kind: string, name: string]>([
    ['empty', ''],
    ['too long', 'a'.repeat(33)],
    ['far too long', 'a'.repeat(100_000)],
    ['with control characters', 'amber\u001b[2J'],
    ['with a line in it', 'amber\nbirch'],
  ])('is refused before anything is made where it is %s', async ([, name]) => {
    using parent = temporaryDirectory();
    const directory = dataDirectory(join(parent.path, 'node'));
    const founding = { name: 'amber', mesh: 'hypermesh', validators: 1 };
    for (const [flag, attempt] of [
      ['--name', () => initMesh(directory, { ...founding, name })],
      ['--mesh', () => initMesh(directory, { ...founding, mesh: name })],
      ['--name', () => joinMesh(directory, { name, invitation })],
    ] as const) {
      const failure = await failureOf(attempt);
      expect(failure).toMatchObject({ code: 'node/bad-flag', flag });
      expect(failure.message.length).toBeLessThan(100);
    }
    expect(existsSync(directory.path)).toBe(false);
  });

  it.for<[command: string, kind: string, argv: readonly string[], flag: string, name: string]>([
    ['init', 'an empty name', ['init'], '--name', ''],
    ['init', 'a long name', ['init'], '--name', 'a'.repeat(33)],
    ['init', 'a mesh with a tab in it', ['init'], '--mesh', 'hyper\tmesh'],
    ['init --dry-run', 'a bell in the name', ['init', '--dry-run'], '--name', 'amber\u0007'],
    ['join', 'a long name', ['join', formatInvitation(invitation)], '--name', 'a'.repeat(33)],
    ['join', 'a bell in the name', ['join', formatInvitation(invitation)], '--name', 'amber\u0007'],
  ])('makes nothing by hypermesh %s with %s', async ([, , argv, flag, name]) => {
    using parent = temporaryDirectory();
    const path = join(parent.path, 'node');
    const ended = await hypermesh(...argv, flag, name, '--data', path, '--json');
    expect(ended.code).toBe(2);
    expect(ended.json()).toMatchObject({ ok: false, error: { code: 'node/bad-flag', flag } });
    expect(existsSync(path)).toBe(false);
  });
});
