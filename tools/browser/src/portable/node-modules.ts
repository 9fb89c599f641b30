import { createRequire, isBuiltin } from 'node:module';
import { relative } from 'node:path';
import type { Plugin } from 'vite';
import { isShell } from './packages.ts';

/** Tests read fixtures by their URL, which the server of the tests answers: `readFileSync(new URL('a.json', import.meta.url))`. */
const READ_FILE = `_readFileSync = all.readFileSync = (url) => {
  if (!(url instanceof URL)) throw new Error('needs Node: node:fs.readFileSync of a path');
  const request = new XMLHttpRequest();
  request.open('GET', url.href, false);
  request.send();
  if (request.status !== 200) throw new Error('no file at ' + url.href);
  return request.responseText;
};`;
const PREFIX = '\0node:';
/** How Node's own conveniences look to the tests themselves; the sources under test get none of them. */
const require = createRequire(import.meta.url);
const buffer = require.resolve('@jspm/core/nodelibs/buffer').replace('/nodelibs/node/', '/nodelibs/browser/');

/**
 * What a browser lacks. A test file may use `Buffer`, and import modules of Node as long as no test calls them. A
 * source of a portable package may do neither, apart from those that are named as Node's own shell.
 */
export function nodeModules(root: string): Plugin {
  return {
    name: 'hypermesh:node-modules',
    enforce: 'pre',
    resolveId(id, importer = '') {
      if (!id.startsWith('node:') || !isBuiltin(id)) return undefined;
      const file = relative(root, importer.split('?')[0] ?? '');
      return `${PREFIX}${id.slice(5)}?from=${file}`;
    },
    load(id) {
      if (!id.startsWith(PREFIX)) return undefined;
      const [name = '', file = ''] = id.slice(PREFIX.length).split('?from=');
      if (/^packages\/[^/]+\/src\//.test(file) && !isShell(file))
        return `${stub(name)}throw new Error(${JSON.stringify(`${file} imports node:${name}, which no browser has`)});`;
      return stub(name);
    },
    transform(code, id) {
      const file = relative(root, id.split('?')[0] ?? '');
      if (!/^packages\/[^/]+\/test\//.test(file) || !/\bBuffer\b/.test(code)) return undefined;
      return { code: `import { Buffer } from ${JSON.stringify(buffer)}; ${code}`, map: null };
    },
  };
}

/** A module with the names of Node's own, whose every function says that it is not here. */
function stub(name: string): string {
  const names = Object.keys(require(`node:${name}`) as object).filter(
    (key) => /^[A-Za-z_$][\w$]*$/.test(key) && key !== 'default',
  );
  return [
    `const all = {};`,
    ...names.map(
      (key) =>
        `let _${key} = all.${key} = function () { throw new Error('needs Node: node:${name}.${key}'); };`,
    ),
    ...(name === 'fs' ? [READ_FILE] : []),
    `export { ${names.map((key) => `_${key} as ${key}`).join(', ')} };`,
    'export default all;',
  ].join('\n');
}
