import type { Comment, Declaration, Program, Statement } from 'oxc-parser';
import { type Finding, lineAt } from './finding.ts';
import { parse } from './source.ts';
import { filesOf, readText, type Workspace } from './workspace.ts';

interface Named {
  name: string;
  /** `function`, `class` or `port`: what needs a docstring. */
  kind: string;
  start: number;
}

/** Exported functions, classes and ports (interfaces with a method) without a docstring. */
export function checkDocstrings(workspace: Workspace): Finding[] {
  return workspace.members
    .filter(({ folder }) => !folder.startsWith('examples/'))
    .flatMap((member) => filesOf(workspace, member, ['src']))
    .flatMap((file) => checkFile(file, readText(workspace, file)));
}

function checkFile(file: string, text: string): Finding[] {
  const { program, comments } = parse(file, text);
  const exported = exportedNames(program);
  const byName = Map.groupBy(
    program.body.flatMap(declared).filter(({ name }) => exported.has(name)),
    ({ name }) => name,
  );
  return [...byName].flatMap(([name, [first, ...overloads]]) => {
    if (first === undefined) return [];
    if ([first, ...overloads].some(({ start }) => hasDocstring(text, comments, start))) return [];
    return [
      { file, line: lineAt(text, first.start), message: `the ${first.kind} ${name} needs a docstring` },
    ];
  });
}

function exportedNames({ body }: Program): Set<string> {
  const names = body.flatMap((statement) => {
    if (statement.type !== 'ExportNamedDeclaration' || statement.source) return [];
    const listed = statement.specifiers.map(({ local }) => ('name' in local ? local.name : ''));
    return [...listed, ...declared(statement).map(({ name }) => name)];
  });
  return new Set(names);
}

function declared(statement: Statement): Named[] {
  const isExport = statement.type === 'ExportNamedDeclaration';
  const node = (isExport ? statement.declaration : statement) as Declaration | null;
  if (node === null) return [];
  const { start } = statement;
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
      return node.id === null ? [] : [{ name: node.id.name, kind: 'function', start }];
    case 'ClassDeclaration':
      return node.id === null ? [] : [{ name: node.id.name, kind: 'class', start }];
    case 'TSInterfaceDeclaration':
      return node.body.body.some(isMethod) ? [{ name: node.id.name, kind: 'port', start }] : [];
    case 'VariableDeclaration':
      return node.declarations.flatMap(({ id, init }) =>
        id.type === 'Identifier' && /^(Arrow)?FunctionExpression$/.test(init?.type ?? '')
          ? [{ name: id.name, kind: 'function', start }]
          : [],
      );
    default:
      return [];
  }
}

function isMethod(member: { type: string; typeAnnotation?: unknown }): boolean {
  if (member.type === 'TSMethodSignature' || member.type === 'TSCallSignatureDeclaration') return true;
  const annotation = member.typeAnnotation as { typeAnnotation?: { type?: string } } | null | undefined;
  return annotation?.typeAnnotation?.type === 'TSFunctionType';
}

/** A block comment that begins with a second star, with nothing but blanks and line comments after it. */
function hasDocstring(text: string, comments: readonly Comment[], start: number): boolean {
  return comments.some(
    ({ type, value, end }) =>
      type === 'Block' &&
      value.startsWith('*') &&
      end <= start &&
      text
        .slice(end, start)
        .split('\n')
        .every((line) => /^\s*(\/\/.*)?$/.test(line)),
  );
}
