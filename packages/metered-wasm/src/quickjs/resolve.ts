/** Who asks for a module: an `import`, or a CommonJS `require`. */
export type ImportKind = 'import' | 'require';

/** Where a specifier leads among the files that were handed in, or why nowhere. */
export type Resolved =
  | { readonly ok: true; readonly path: string; readonly format: 'module' | 'commonjs' | 'json' }
  | { readonly ok: false; readonly detail: string };

interface PackageJson {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly main?: unknown;
  readonly module?: unknown;
  readonly exports?: unknown;
  readonly imports?: unknown;
}

const CONDITIONS: Readonly<Record<ImportKind, ReadonlySet<string>>> = {
  import: new Set(['import', 'module', 'default']),
  require: new Set(['require', 'default']),
};
const MAX_SPECIFIER = 1_024;
/**
 * Most bytes of all package.json that are read: what they come to lies in the worker's heap, which must not run full.
 * Further ones count as empty.
 */
const MAX_JSON_BYTES = 2 ** 22;
/** Largest file that is looked into for its kind, bytes; larger ones are not loaded at all. */
const MAX_LOOKED_AT_BYTES = 2 ** 24;
/** Depth of conditions within conditions; deeper ones lead nowhere. */
const MAX_DEPTH = 16;

function own(record: unknown, key: string): unknown {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  return Object.hasOwn(record, key) ? (record as Record<string, unknown>)[key] : undefined;
}

/** Joins a folder and a relative path; undefined where it leads out of the files. */
function joined(folder: string, relative: string): string | undefined {
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Every folder from `folder` up to the root, which is the empty text. */
function* upwards(folder: string): Generator<string> {
  let at = folder;
  for (;;) {
    yield at;
    if (at === '') return;
    at = folderOf(at);
  }
}

/**
 * Finds modules as Node does, among a map of files and nowhere else: relative paths, bare specifiers through
 * `node_modules` upwards, `exports` and `imports` of package.json, then `module` (for imports) and `main`. An extension
 * or `index` that was left out is tried, as bundlers do.
 */
export class Resolver {
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #packages = new Map<string, PackageJson | undefined>();
  #jsonBytes = 0;

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files;
  }

  /** Where `specifier` leads when the file `base` asks for it; the empty base is the root of the files. */
  resolve(base: string, specifier: string, kind: ImportKind): Resolved {
    const quoted = JSON.stringify(specifier.slice(0, 200));
    if (specifier.length > MAX_SPECIFIER) return { ok: false, detail: `${quoted}… is too long` };
    if (/^[a-z][a-z0-9+.-]*:/i.test(specifier) || specifier.startsWith('/')) {
      return { ok: false, detail: `${quoted} is outside the files that were handed in` };
    }
    const path = this.#find(folderOf(base), specifier, kind);
    if (path !== undefined) return { ok: true, path, format: this.#formatOf(path) };
    const from = base === '' ? '' : `, asked for by ${base}`;
    return { ok: false, detail: `${quoted} is not among the files that were handed in${from}` };
  }

  #find(folder: string, specifier: string, kind: ImportKind): string | undefined {
    if (specifier.startsWith('#')) return this.#internal(folder, specifier, kind);
    if (/^\.{1,2}(?:\/|$)/.test(specifier)) {
      const path = joined(folder, specifier);
      return path === undefined ? undefined : this.#file(path, kind);
    }
    const parts = specifier.split('/');
    const name = parts.splice(0, specifier.startsWith('@') ? 2 : 1).join('/');
    const subpath = parts.length === 0 ? '.' : `./${parts.join('/')}`;
    const scope = this.#scopeOf(folder);
    if (scope !== undefined && own(scope.json, 'name') === name && scope.json.exports !== undefined) {
      return this.#exported(scope.folder, scope.json, subpath, kind);
    }
    for (const above of upwards(folder)) {
      const root = above === '' ? `node_modules/${name}` : `${above}/node_modules/${name}`;
      const json = this.#package(root);
      if (json?.exports !== undefined) return this.#exported(root, json, subpath, kind);
      const found =
        subpath === '.' ? this.#folder(root, kind) : this.#file(`${root}/${subpath.slice(2)}`, kind);
      if (found !== undefined) return found;
      if (json !== undefined) return undefined;
    }
    return undefined;
  }

  /** A file as it is named, with an extension that was left out, or a folder's main file. */
  #file(path: string, kind: ImportKind): string | undefined {
    for (const candidate of [path, `${path}.js`, `${path}.mjs`, `${path}.cjs`, `${path}.json`]) {
      if (this.#files.has(candidate)) return candidate;
    }
    return this.#folder(path, kind);
  }

  #folder(path: string, kind: ImportKind): string | undefined {
    const json = this.#package(path);
    const named = kind === 'import' ? [json?.module, json?.main] : [json?.main];
    for (const each of [...named, './index.js', './index.mjs', './index.cjs', './index.json']) {
      if (typeof each !== 'string') continue;
      const file = joined(path, each);
      if (file === undefined) continue;
      for (const candidate of [file, `${file}.js`, `${file}/index.js`]) {
        if (this.#files.has(candidate)) return candidate;
      }
    }
    return undefined;
  }

  #exported(root: string, json: PackageJson, subpath: string, kind: ImportKind): string | undefined {
    const { exports } = json;
    const isMap =
      typeof exports === 'object' &&
      exports !== null &&
      !Array.isArray(exports) &&
      Object.keys(exports).some((key) => key.startsWith('.'));
    const target = isMap ? matched(exports, subpath) : subpath === '.' ? { value: exports } : undefined;
    return target === undefined ? undefined : this.#target(root, target, kind, 0);
  }

  #internal(folder: string, specifier: string, kind: ImportKind): string | undefined {
    const scope = this.#scopeOf(folder);
    const target = scope === undefined ? undefined : matched(scope.json.imports, specifier);
    return scope === undefined || target === undefined
      ? undefined
      : this.#target(scope.folder, target, kind, 0);
  }

  #target(root: string, target: Matched, kind: ImportKind, depth: number): string | undefined {
    const { value, star } = target;
    if (depth > MAX_DEPTH) return undefined;
    if (typeof value === 'string') {
      const text = star === undefined ? value : value.replaceAll('*', () => star);
      if (!text.startsWith('./')) {
        return text.startsWith('.') || text.startsWith('/') || text.startsWith('#')
          ? undefined
          : this.#find(root, text, kind);
      }
      const path = joined(root, text);
      const isInside = path !== undefined && (root === '' || path.startsWith(`${root}/`));
      return isInside && this.#files.has(path) ? path : undefined;
    }
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [condition, inner] of Object.entries(value)) {
      if (!Array.isArray(value) && !CONDITIONS[kind].has(condition)) continue;
      const next = star === undefined ? { value: inner } : { value: inner, star };
      const found = this.#target(root, next, kind, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #scopeOf(folder: string): { readonly folder: string; readonly json: PackageJson } | undefined {
    for (const above of upwards(folder)) {
      const json = this.#package(above);
      if (json !== undefined) return { folder: above, json };
      if (above.endsWith('node_modules')) return undefined;
    }
    return undefined;
  }

  #package(folder: string): PackageJson | undefined {
    const path = folder === '' ? 'package.json' : `${folder}/package.json`;
    if (this.#packages.has(path)) return this.#packages.get(path);
    const bytes = this.#files.get(path);
    this.#jsonBytes += bytes?.length ?? 0;
    const json = this.#jsonBytes > MAX_JSON_BYTES && bytes !== undefined ? {} : readPackage(bytes);
    this.#packages.set(path, json);
    return json;
  }

  #formatOf(path: string): 'module' | 'commonjs' | 'json' {
    if (path.endsWith('.json')) return 'json';
    if (path.endsWith('.cjs')) return 'commonjs';
    if (path.endsWith('.mjs')) return 'module';
    const scope = this.#scopeOf(folderOf(path));
    if (scope === undefined || scope.json.type === 'module') return 'module';
    if (scope.json.type === 'commonjs') return 'commonjs';
    // A package for bundlers names its modules by `module` or under an `import` condition without `type`.
    return this.#looksLikeModule(path) ? 'module' : 'commonjs';
  }

  #looksLikeModule(path: string): boolean {
    const bytes = this.#files.get(path);
    if (bytes === undefined || bytes.length > MAX_LOOKED_AT_BYTES) return false;
    // Blanks of one line alone: over lines, a file of nothing else would take the square of its length.
    return /^[ \t]*(?:import\s*[\w{*"']|export\s*(?:[{*]|default\b|const\b|let\b|var\b|function\b|class\b|async\b))/m.test(
      new TextDecoder().decode(bytes),
    );
  }
}

interface Matched {
  readonly value: unknown;
  /** What a pattern's star stands for. */
  readonly star?: string;
}

/** The entry of a map of sub-paths: an exact one, else the pattern with the longest part before its star. */
function matched(map: unknown, subpath: string): Matched | undefined {
  const exact = own(map, subpath);
  if (exact !== undefined && !subpath.includes('*')) return { value: exact };
  if (typeof map !== 'object' || map === null) return undefined;
  let best: { readonly prefix: string; readonly found: Matched } | undefined;
  for (const [pattern, value] of Object.entries(map)) {
    const at = pattern.indexOf('*');
    if (at < 0) continue;
    const prefix = pattern.slice(0, at);
    const suffix = pattern.slice(at + 1);
    const fits =
      subpath.length > pattern.length - 1 && subpath.startsWith(prefix) && subpath.endsWith(suffix);
    if (!fits || (best !== undefined && best.prefix.length >= prefix.length)) continue;
    best = { prefix, found: { value, star: subpath.slice(at, subpath.length - suffix.length) } };
  }
  return best?.found;
}

function readPackage(bytes: Uint8Array | undefined): PackageJson | undefined {
  if (bytes === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof json === 'object' && json !== null ? (json as PackageJson) : {};
  } catch {
    return {};
  }
}
