import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openWorkspace, type Workspace } from '../src/check/workspace.ts';

const manifest = (name: string, fields: object = {}) =>
  JSON.stringify({
    name,
    license: 'Apache-2.0',
    type: 'module',
    exports: {
      '.': { '@hypermesh/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    },
    scripts: { build: 'tsup && tsc' },
    publishConfig: {
      access: 'public',
      engines: { node: '>=24.15' },
      exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    },
    ...fields,
  });

const README =
  '# @hypermesh/low\n\nThe lowest one.\n\n## Example\n\n```ts\nconsole.log(1);\n```\n\n## Not there yet\n\nMuch.\n';

/** A workspace of three libraries in two layers and one tool, in which no check finds a fault. */
const SOUND: Record<string, string> = {
  'package.json': '{ "name": "root" }',
  'turbo.json': JSON.stringify({
    boundaries: {
      tags: {
        core: { dependencies: { allow: ['core'] } },
        protocol: { dependencies: { allow: ['core', 'tools'] } },
      },
    },
  }),
  'packages/low/package.json': manifest('@hypermesh/low'),
  'packages/low/turbo.json': '{ "tags": ["core"] }',
  'packages/low/README.md': README,
  'packages/low/src/index.ts': "export { low } from './low.ts';\n",
  'packages/low/src/low.ts':
    "/** Gives its domain. */\nexport function low() {\n  return 'hypermesh/low/name/v1';\n}\n",
  'packages/left/package.json': manifest('@hypermesh/left', {
    dependencies: { '@hypermesh/low': 'workspace:^' },
  }),
  'packages/left/turbo.json': '{ "tags": ["protocol"] }',
  'packages/left/README.md': README.replace('low', 'left'),
  'packages/left/src/index.ts': "export { low } from '@hypermesh/low';\n",
  'packages/right/package.json': manifest('@hypermesh/right'),
  'packages/right/turbo.json': '{ "tags": ["protocol"] }',
  'packages/right/README.md': README.replace('low', 'right'),
  'packages/right/src/index.ts': 'export const right = 1;\n',
  'tools/gauge/package.json': manifest('@hypermesh/gauge', { private: true }),
  'tools/gauge/turbo.json': '{ "tags": ["tools"] }',
};

/** Writes the sound workspace with some files planted over it; removed when the test ends. */
export function plant(files: Record<string, string> = {}): Workspace {
  const root = mkdtempSync(join(tmpdir(), 'hypermesh-planted-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [file, text] of Object.entries({ ...SOUND, ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return openWorkspace(root);
}

/** The manifest of a sound library with some fields replaced. */
export const manifestWith: (name: string, fields: object) => string = manifest;
