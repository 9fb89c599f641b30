import { type ParseResult, parseSync, Visitor } from 'oxc-parser';
import { lineAt } from './finding.ts';

/** One import of a file: static, re-export, dynamic, or `import.meta.resolve`. */
export interface Import {
  specifier: string;
  isTypeOnly: boolean;
  line: number;
}

/** A string that the source spells out. */
export interface Text {
  value: string;
  line: number;
}

/** Parses TypeScript or JavaScript. Throws where it has a syntax error. */
export function parse(file: string, text: string): ParseResult {
  const parsed = parseSync(file, text, { sourceType: 'module' });
  const [error] = parsed.errors;
  if (error !== undefined) throw new SyntaxError(`${file}: ${error.message}`);
  return parsed;
}

/** All imports of a file, types too. */
export function importsOf(file: string, text: string): Import[] {
  const imports: Import[] = [];
  const add = (specifier: unknown, isTypeOnly: boolean, offset: number) => {
    if (typeof specifier === 'string') imports.push({ specifier, isTypeOnly, line: lineAt(text, offset) });
  };
  new Visitor({
    ImportDeclaration: ({ source, importKind, specifiers, start }) => {
      const areTypes =
        specifiers.length > 0 && specifiers.every((s) => 'importKind' in s && s.importKind === 'type');
      add(source.value, importKind === 'type' || areTypes, start);
    },
    ExportNamedDeclaration: ({ source, exportKind, specifiers, start }) => {
      const areTypes = specifiers.length > 0 && specifiers.every((s) => s.exportKind === 'type');
      if (source) add(source.value, exportKind === 'type' || areTypes, start);
    },
    ExportAllDeclaration: ({ source, exportKind, start }) => add(source.value, exportKind === 'type', start),
    ImportExpression: ({ source, start }) => add('value' in source && source.value, false, start),
    TSImportType: ({ source, start }) => add(source.value, true, start),
    CallExpression: ({ callee, arguments: [first], start }) => {
      if (callee.type !== 'MemberExpression' || callee.object.type !== 'MetaProperty') return;
      if (first !== undefined && 'value' in first) add(first.value, false, start);
    },
  }).visit(parse(file, text).program);
  return imports;
}

/** Every string literal and piece of a template in the code of a file; comments are not in it. */
export function textsOf(file: string, text: string): Text[] {
  const texts: Text[] = [];
  new Visitor({
    Literal: ({ value, start }) => {
      if (typeof value === 'string') texts.push({ value, line: lineAt(text, start) });
    },
    TemplateElement: ({ value, start }) => {
      texts.push({ value: value.cooked ?? value.raw, line: lineAt(text, start) });
    },
  }).visit(parse(file, text).program);
  return texts;
}
