import { folderSource, type PackageSource } from '@hypermesh/catalog';
import { openFolder } from '@hypermesh/catalog/node';
import { npmFolderSource, npmSource } from '../adapters/npm-source.ts';

/** Where npm packages come from unless the environment names another registry. */
const npmRegistry = 'https://registry.npmjs.org/';

/** Where packages to publish come from: folders, and packages of npm. */
export function packageSources(): readonly PackageSource[] {
  return [
    npmFolderSource(),
    npmSource({ registry: process.env['npm_config_registry'] ?? npmRegistry }),
    folderSource(openFolder, (spec) => !/^[a-z][a-z-]*:/.test(spec)),
  ];
}
