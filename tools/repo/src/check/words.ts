import { execFileSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, lineAt } from './finding.ts';
import { readText, type Workspace } from './workspace.ts';

const LARGEST_BYTES = 2 ** 20;

/** What belongs to one machine or one workplace. Written in pieces, so that this file does not find itself. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`(?<![\\w.-])/${'work'}/`), 'a path of one machine'],
  [new RegExp(`(?<![\\w.-])/${'tmp'}/hm\\b`), 'a path of one machine'],
  [new RegExp(`(?<![\\w.-])/(?:${'root'}|home/(?!\\$)[a-z][\\w-]*)/`), 'a path of one person'],
  [new RegExp(`https?://(?!registry\\.npmjs\\.org)[\\w.-]*${'registry'}[\\w.-]*[:/]`), 'another registry'],
  [/\bissue #?\d+\b/i, 'a number that readers cannot look up'],
];

/** Words of the workplace in files of the repository: paths of this machine, other registries, issue numbers. */
export function checkWords(workspace: Workspace): Finding[] {
  return textFiles(workspace.root).flatMap((file) => {
    const text = readText(workspace, file);
    return FOREIGN.flatMap(([pattern, what]) => {
      const match = pattern.exec(text);
      return match === null
        ? []
        : [{ file, line: lineAt(text, match.index), message: `"${match[0].trim()}" is ${what}` }];
    });
  });
}

function textFiles(root: string): string[] {
  const files = existsSync(join(root, '.git'))
    ? execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
        .trim()
        .split('\n')
    : globSync('**/*', { cwd: root, exclude: ['**/node_modules', '**/dist'] });
  return files.filter((file) => {
    const status = statSync(join(root, file), { throwIfNoEntry: false });
    return status?.isFile() === true && status.size < LARGEST_BYTES && !/\.(wasm|png|ico|woff2?)$/.test(file);
  });
}
