import { join, normalize, sep } from 'node:path';
import type { Finding } from './finding.ts';
import { importsOf } from './source.ts';
import { filesOf, type Member, readText, type Workspace } from './workspace.ts';

/**
 * Imports that leave their layer: a tag that turbo.json does not allow (types too), a tool in shipped code, a path
 * into another package.
 */
export function checkLayers(workspace: Workspace): Finding[] {
  return workspace.members.flatMap((member) =>
    filesOf(workspace, member, ['src', 'test', 'bench']).flatMap((file) => {
      const isShipped = file.startsWith(`${member.folder}/src/`) && !member.folder.startsWith('tools/');
      return importsOf(file, readText(workspace, file)).flatMap(({ specifier, line }) => {
        const message = specifier.startsWith('.')
          ? judgePath(member, file, specifier)
          : judgePackage(workspace, member, specifier, isShipped);
        return message === undefined ? [] : [{ file, line, message }];
      });
    }),
  );
}

function judgePath({ folder }: Member, file: string, specifier: string): string | undefined {
  const target = normalize(join(file, '..', specifier)).replaceAll(sep, '/');
  if (target.startsWith(`${folder}/`)) return undefined;
  return `${specifier} leaves the package: import the other one by its name`;
}

function judgePackage(
  { members, allowed }: Workspace,
  member: Member,
  specifier: string,
  isShipped: boolean,
): string | undefined {
  const target = members.find(
    ({ manifest: { name } }) => specifier === name || specifier.startsWith(`${name}/`),
  );
  if (target === undefined || target === member) return undefined;
  if (isShipped && target.tags.includes('tools'))
    return `${specifier} is a tool: only test/ and bench/ may use it`;
  const [tag] = member.tags;
  if (tag === undefined) return `${member.folder}/turbo.json gives no layer`;
  const allow = allowed.get(tag);
  if (allow === undefined || target.tags.some((other) => allow.includes(other))) return undefined;
  return `a ${tag} package may not import ${specifier} (${target.tags.join(', ') || 'no layer'}); allowed: ${allow.join(', ')}`;
}
