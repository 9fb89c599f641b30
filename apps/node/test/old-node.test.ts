import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/hypermesh.mjs', import.meta.url));

/** A Node of this machine that is too old for the program: the host's own, where a package manager brought a newer one. */
function oldNode(): { readonly path: string; readonly version: string } | undefined {
  const places = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/local/bin'];
  for (const place of new Set(places)) {
    const path = join(place, 'node');
    const { stdout, status } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(stdout ?? '') ?? [];
    const isOld = Number(major) < 24 || (Number(major) === 24 && Number(minor) < 15);
    if (status === 0 && major !== '' && isOld) return { path, version: stdout.trim().slice(1) };
  }
  return undefined;
}

describe('hypermesh on a Node that is too old', () => {
  it('says which one it needs and a line that works, and nothing else', (ctx) => {
    const old = oldNode();
    if (old === undefined) return ctx.skip('every Node of this machine is new enough');
    const argv = ['wallet', 'transfer', 'birch', '5', '--note', "it's $(id) *"];
    const ended = spawnSync(old.path, [bin, ...argv], { encoding: 'utf8' });
    expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status: 1, stdout: '' });
    const [needs = '', update, line = '', ...rest] = ended.stderr.trimEnd().split('\n');
    expect(needs).toBe(`hypermesh needs Node.js 24.15 or newer; this is ${old.version}.`);
    expect(update).toContain('Update Node.js');
    expect(rest).toEqual([]);
    // What follows npx is what a shell hands to the newer Node: the same words, none of them taken for the shell's own.
    const [, words = ''] = /^ {2}npx -y -p node@24 -- (node .*)$/.exec(line) ?? [];
    const given = execFileSync('sh', ['-c', `set -- ${words}; printf '%s\\n' "$@"`], { encoding: 'utf8' });
    expect(given.trimEnd().split('\n')).toEqual(['node', bin, ...argv]);
  });
});
