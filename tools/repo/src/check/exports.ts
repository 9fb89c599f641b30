import { join, normalize } from 'node:path';
import type { Declaration } from 'oxc-parser';
import { parse } from './source.ts';
import { readText, type Workspace } from './workspace.ts';

/** The names that a package of the workspace exports at `specifier`, types too; undefined where there is no such entry. */
export function exportsOf(workspace: Workspace, specifier: string): Set<string> | undefined {
  const [scope, short] = specifier.split('/', 2);
  const name = `${scope}/${short}`;
  const member = workspace.members.find(({ manifest }) => manifest.name === name);
  const target = member?.manifest.exports?.[`.${specifier.slice(name.length)}`];
  const source = typeof target === 'string' ? target : target?.['@hypermesh/source'];
  if (member === undefined || source === undefined) return undefined;
  return new Set(namesOf(workspace, `${member.folder}/${source.replace('./', '')}`));
}

function namesOf(workspace: Workspace, file: string): string[] {
  return parse(file, readText(workspace, file)).program.body.flatMap((statement) => {
    if (statement.type === 'ExportAllDeclaration' && statement.source.value.startsWith('.')) {
      return namesOf(workspace, normalize(join(file, '..', statement.source.value)));
    }
    if (statement.type !== 'ExportNamedDeclaration') return [];
    const listed = statement.specifiers.map(({ exported }) =>
      'name' in exported ? exported.name : exported.value,
    );
    return [...listed, ...(statement.declaration === null ? [] : declaredBy(statement.declaration))];
  });
}

function declaredBy(declaration: Declaration): string[] {
  if (declaration.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
  }
  return 'id' in declaration && declaration.id !== null && 'name' in declaration.id
    ? [declaration.id.name]
    : [];
}
