import { utf8 } from '@hypermesh/core';
import { badArgument } from '../arguments.ts';
import type { PackageType } from '../document/package.ts';
import { parsePackage } from '../document/parse.ts';
import { echoGuest } from './echo-guest.ts';

/** What a template is filled with. */
export interface TemplateParameters {
  readonly type: PackageType;
  readonly name: string;
  /** `0.1.0` unless given. */
  readonly version?: string;
  readonly description?: string;
  /** MiB; 64 unless given. */
  readonly memoryMb?: number;
  /** At most three digits behind the point; 1 unless given. */
  readonly cpuCores?: number;
}

/** What starts a package of a type, and what is in that file to begin with. Types without are carriers of files. */
const STARTS: Readonly<
  Record<
    PackageType,
    { readonly path: string; readonly isEntrypoint: boolean; readonly content: () => Uint8Array }
  >
> = {
  'vm.wasm': { path: 'main.wasm', isEntrypoint: true, content: echoGuest },
  'library.javascript': {
    path: 'index.js',
    isEntrypoint: true,
    content: () =>
      utf8(
        '/** Answers its input in capitals. */\nexport default function (input) {\n  const text = typeof input === "string" ? input : new TextDecoder().decode(input);\n  return text.toUpperCase();\n}\n',
      ),
  },
  'library.python': {
    path: 'main.py',
    isEntrypoint: true,
    content: () =>
      utf8(
        'import sys\n\n\ndef main() -> None:\n    sys.stdout.write(sys.stdin.read().upper())\n\n\nif __name__ == "__main__":\n    main()\n',
      ),
  },
  'library.julia': {
    path: 'main.jl',
    isEntrypoint: true,
    content: () => utf8('print(uppercase(read(stdin, String)))\n'),
  },
  'library.rust': {
    path: 'src/main.rs',
    isEntrypoint: false,
    content: () =>
      utf8(
        'use std::io::{self, Read};\n\nfn main() -> io::Result<()> {\n    let mut text = String::new();\n    io::stdin().read_to_string(&mut text)?;\n    print!("{}", text.to_uppercase());\n    Ok(())\n}\n',
      ),
  },
  'container.docker': {
    path: 'Dockerfile',
    isEntrypoint: false,
    content: () => utf8('FROM scratch\nCOPY . /\n'),
  },
  'dataset.scientific': {
    path: 'data/values.csv',
    isEntrypoint: false,
    content: () => utf8('time,value\n0,1\n1,2\n'),
  },
};

/**
 * The files of a new package by path, `catalog.yaml` among them; packing them gives a package of that type. Throws
 * `catalog/bad-argument` with what the document's own check says of the parameters.
 */
export function createFromTemplate(parameters: TemplateParameters): Readonly<Record<string, Uint8Array>> {
  const {
    type,
    name,
    version = '0.1.0',
    description = `The package ${name}`,
    memoryMb = 64,
    cpuCores = 1,
  } = parameters;
  if (!Object.hasOwn(STARTS, type)) throw badArgument('type', Object.keys(STARTS).join(', '));
  const { path, isEntrypoint, content } = STARTS[type];
  const text = [
    'apiVersion: "catalog.v1"',
    'kind: "AssetPackage"',
    'metadata:',
    `  name: ${JSON.stringify(name)}`,
    `  version: ${JSON.stringify(version)}`,
    '  tags: []',
    '',
    'spec:',
    `  description: ${JSON.stringify(description)}`,
    `  type: ${type}`,
    '  content:',
    '    files: ["**", "!catalog.yaml"]',
    ...(isEntrypoint ? [`    entrypoint: ${path}`] : []),
    '',
    '  # What the node that runs it gives at least. Megabytes are MiB.',
    '  resources:',
    `    cpu_cores: ${cpuCores}`,
    `    memory_mb: ${memoryMb}`,
    '',
    '  execution:',
    `    cpu_required: ${isEntrypoint}`,
    '    network: none',
    '',
    '  # Other packages: - name: "base-runtime" with version: ">=1.0.0" below it.',
    '  dependencies: []',
    '',
  ].join('\n');
  const checked = parsePackage(text, { strict: true });
  if (!checked.ok) {
    throw badArgument(
      'parameters',
      checked.errors.map(({ path: at, message }) => `${at}: ${message}`).join('; '),
    );
  }
  return {
    'catalog.yaml': utf8(text),
    'README.md': utf8(`# ${name}\n\n${checked.package.spec.description}\n`),
    [path]: content(),
  };
}
