import { isRange, isVersion } from '../solver/versions.ts';
import { checkExecution, readExecution, readResources, readSecurity } from './demands.ts';
import { isPackageName, pathFault } from './names.ts';
import {
  type AssetPackage,
  DEPENDENCY_KINDS,
  type Dependency,
  PACKAGE_TYPES,
  type PackageContent,
  type PackageType,
} from './package.ts';
import type { DocumentProblem } from './problems.ts';
import { Fields, flag, list, oneOf, type Read, text } from './read.ts';
import { Problems, readYaml } from './yaml.ts';

/** A document that was read, with what deserves a look, or everything that is wrong with it. */
export type PackageParsing =
  | { readonly ok: true; readonly package: AssetPackage; readonly warnings: readonly DocumentProblem[] }
  | { readonly ok: false; readonly errors: readonly DocumentProblem[] };

const LIMITS = { maxBytes: 2 ** 20, maxValues: 20_000 };

const name = text(214, (value) =>
  isPackageName(value)
    ? undefined
    : {
        code: 'bad-name',
        message:
          'a name has lower-case letters, digits, dots, hyphens and underscores, begins with a letter or digit, perhaps behind @scope/',
      },
);
const version = text(128, (value) =>
  isVersion(value)
    ? undefined
    : { code: 'bad-version', message: 'write three numbers, as in "1.2.3" or "1.2.3-beta.1"' },
);
const range = text(512, (value) =>
  isRange(value)
    ? undefined
    : { code: 'bad-range', message: 'write a range of versions, as in "^1.2.0" or ">=1.0.0 <3"' },
);
const path = text(512, (value) => {
  const fault = value === '.' ? undefined : pathFault(value);
  return fault === undefined
    ? undefined
    : { code: 'bad-path', message: `write a path inside the package's folder, parted by / (${fault})` };
});

const readMetadata: (unknown: Problems) => Read<AssetPackage['metadata']> = (unknown) => (item, problems) => {
  const fields = Fields.of(item, problems);
  if (fields === undefined) return undefined;
  const named = fields.need('name', name, 'write name: my-package');
  const versioned = fields.need('version', version, 'write version: "1.0.0"');
  const tags = fields.take('tags', list(text(64), 64)) ?? [];
  const license = fields.take('license', text(128));
  const authors = fields.take('authors', list(text(256), 64)) ?? [];
  const homepage = fields.take('homepage', text(512));
  fields.end(unknown);
  if (named === undefined || versioned === undefined) return undefined;
  return {
    name: named,
    version: versioned,
    tags,
    ...(license === undefined ? {} : { license }),
    authors,
    ...(homepage === undefined ? {} : { homepage }),
  };
};

const readContent: (unknown: Problems) => Read<PackageContent> = (unknown) => (item, problems) => {
  const fields = Fields.of(item, problems);
  if (fields === undefined) return undefined;
  const root = fields.take('root', text(512)) ?? '.';
  const inside = root.replace(/^\.\//, '').replace(/\/$/, '') || '.';
  const place = fields.place('root');
  if (inside !== '.' && pathFault(inside) !== undefined && place !== undefined) {
    problems.add('bad-path', place, 'write a folder below that of this document');
  }
  const files = fields.take('files', list(text(512), 1024)) ?? ['**'];
  const entrypoint = fields.take('entrypoint', path);
  const args = fields.take('args', list(text(4096), 256)) ?? [];
  fields.end(unknown);
  return { root: inside, files, ...(entrypoint === undefined ? {} : { entrypoint }), args };
};

const readDependency: (unknown: Problems) => Read<Dependency> = (unknown) => (item, problems) => {
  const fields = Fields.of(item, problems);
  if (fields === undefined) return undefined;
  const on = fields.need('name', name, 'write name: other-package');
  const wanted = fields.need('version', range, 'write version: "^1.0.0"');
  const optional = fields.take('optional', flag) ?? false;
  const kind = fields.take('kind', oneOf(DEPENDENCY_KINDS)) ?? 'runtime';
  fields.end(unknown);
  return on === undefined || wanted === undefined ? undefined : { name: on, range: wanted, kind, optional };
};

/** What a package is where its document does not say: by its entrypoint, and without one a dataset. */
function typeByEntrypoint(entrypoint: string | undefined): PackageType | undefined {
  if (entrypoint === undefined) return 'dataset.scientific';
  if (entrypoint.endsWith('.wasm')) return 'vm.wasm';
  if (/\.[cm]?js$/.test(entrypoint)) return 'library.javascript';
  if (entrypoint.endsWith('.py')) return 'library.python';
  return entrypoint.endsWith('.jl') ? 'library.julia' : undefined;
}

const readSpec: (unknown: Problems) => Read<AssetPackage['spec']> = (unknown) => (item, problems) => {
  const fields = Fields.of(item, problems);
  if (fields === undefined) return undefined;
  const description = fields.take('description', text(4096)) ?? '';
  const stated = fields.take('type', oneOf(PACKAGE_TYPES));
  const content = fields.take('content', readContent(unknown));
  const type = stated ?? typeByEntrypoint(content?.entrypoint);
  if (type === undefined) {
    problems.add('missing', item, `type is missing; write one of: ${PACKAGE_TYPES.join(', ')}`);
  }
  const resources = fields.take('resources', readResources(unknown)) ?? {};
  const execution = fields.take('execution', readExecution(unknown));
  const security = fields.take('security', readSecurity(unknown));
  const dependencies = fields.take('dependencies', list(readDependency(unknown), 1024)) ?? [];
  const seen = new Set<string>();
  const listed = fields.place('dependencies')?.value;
  for (const [index, { name: on }] of dependencies.entries()) {
    const place = (listed?.kind === 'list' ? listed.items[index] : undefined) ?? item;
    if (seen.has(on)) problems.add('duplicate-key', place, `${on} is listed twice; write one range`);
    seen.add(on);
  }
  fields.end(unknown);
  const demands = checkExecution({ resources, execution }, fields, { problems, lints: unknown });
  return type === undefined
    ? undefined
    : {
        description,
        type,
        ...(content === undefined ? {} : { content }),
        ...demands,
        security: security ?? {
          trustchainValidation: true,
          hypermeshConsensus: true,
          resourceIsolation: true,
        },
        dependencies,
      };
};

/**
 * Reads a package document: YAML with `apiVersion: "catalog.v1"` and `kind: "AssetPackage"`, at most 1 MiB. Keys that
 * mean nothing are warnings, with `strict` errors. Never throws; at most 50 problems are told.
 */
export function parsePackage(source: string, options: { readonly strict?: boolean } = {}): PackageParsing {
  const { root, problems, lines } = readYaml(source, LIMITS);
  const lints = new Problems(lines);
  let found: AssetPackage | undefined;
  const fields = root === undefined ? undefined : Fields.of(root, problems);
  if (fields !== undefined) {
    fields.need('apiVersion', oneOf(['catalog.v1']), 'write apiVersion: "catalog.v1"');
    fields.need('kind', oneOf(['AssetPackage']), 'write kind: "AssetPackage"');
    const metadata = fields.need(
      'metadata',
      readMetadata(lints),
      'write metadata: with name and version below it',
    );
    const spec = fields.need('spec', readSpec(lints), 'write spec: with a description below it');
    fields.end(lints);
    if (metadata !== undefined && spec !== undefined) {
      found = { apiVersion: 'catalog.v1', kind: 'AssetPackage', metadata, spec };
    }
  }
  const unknown = options.strict === true ? lints.found.filter(({ code }) => code === 'unknown-key') : [];
  const errors = [...problems.found, ...unknown].sort((a, b) => a.line - b.line || a.column - b.column);
  if (errors.length > 0 || found === undefined) return { ok: false, errors };
  return { ok: true, package: found, warnings: lints.found };
}
