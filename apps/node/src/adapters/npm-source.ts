import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CatalogError,
  isPackageName,
  isVersion,
  type OpenedSource,
  type PackageSource,
  packageFromNpm,
  type SourceFolder,
} from '@hypermesh/catalog';
import { openFolder } from '@hypermesh/catalog/node';
import { filesInTarball } from './npm-tarball.ts';

/** Largest package.json that is read: bytes. */
const maxPackageJsonBytes = 2 ** 20;

/** Largest download of one package: bytes. */
const maxTarballBytes = 128 * 2 ** 20;

/** How long one request to a registry may take. */
const requestTimeoutMs = 60_000;

/**
 * Packages that npm, pnpm or another tool installed: `npm-folder:DIR`, DIR being the folder with the package.json.
 * Nothing in it runs; `node_modules` inside it is left out.
 */
export function npmFolderSource(): PackageSource {
  const scheme = 'npm-folder:';
  return {
    takes: (spec) => spec.startsWith(scheme),
    async open(spec, { signal } = {}) {
      const folder = await openFolder(spec.slice(scheme.length));
      signal?.throwIfAborted();
      return openedFrom(folder, spec);
    },
  };
}

/**
 * Packages of an npm registry: `npm:NAME@VERSION`, the version in full. Downloads by pacote, which compares the bytes
 * with the integrity that the registry names; without a strong one they are refused. Scripts never run: the tarball
 * is read in memory and never installed.
 */
export function npmSource({ registry }: { readonly registry: string }): PackageSource {
  const scheme = 'npm:';
  return {
    takes: (spec) => spec.startsWith(scheme),
    async open(spec, { signal } = {}) {
      const named = spec.slice(scheme.length);
      const at = named.lastIndexOf('@');
      const name = named.slice(0, at);
      const version = named.slice(at + 1);
      if (at < 1 || !isPackageName(name) || !isVersion(version)) {
        throw refused('the version is not named', `${spec}: write npm:NAME@VERSION with the version in full`);
      }
      // Not with the other imports: a daemon that publishes nothing from npm never loads it.
      const pacote = await import('pacote');
      const cache = await mkdtemp(join(tmpdir(), 'hypermesh-npm-'));
      try {
        const options = {
          registry,
          cache,
          ignoreScripts: true,
          fetchRetries: 1,
          fetchRetryFactor: 2,
          fetchRetryMintimeout: 1000,
          fetchRetryMaxtimeout: 5000,
          timeout: requestTimeoutMs,
          ...(signal === undefined ? {} : { signal }),
        };
        const { _integrity: integrity, ...found } = await pacote.manifest(named, options);
        if (found.name !== name || found.version !== version) {
          throw refused('not-the-package', `the registry answers ${name}@${version} with another package`);
        }
        if (integrity === undefined || !/^sha(?:256|384|512)-/.test(integrity)) {
          throw refused('no-integrity', `the registry names no strong digest for ${name}@${version}`);
        }
        const bytes = await pacote.tarball.stream(named, collect, { ...options, integrity });
        const opened = await openedFrom(await filesInTarball(bytes), spec);
        const { metadata } = opened.package;
        if (metadata.name !== name || metadata.version !== version) {
          throw refused('not-the-package', `the tarball of ${name}@${version} holds another package`);
        }
        return opened;
      } catch (error) {
        signal?.throwIfAborted();
        throw error instanceof CatalogError ? error : fromRegistry(error, `${name}@${version}`);
      } finally {
        await rm(cache, { recursive: true, force: true });
      }
    },
  };
}

async function openedFrom(folder: SourceFolder, spec: string): Promise<OpenedSource> {
  const paths = new Set<string>();
  let size = -1;
  for await (const entry of folder.walk()) {
    paths.add(entry.path);
    if (entry.path === 'package.json' && entry.kind === 'file') size = entry.size;
  }
  if (size < 0) throw refused('no-package-json', `${spec} has no package.json`);
  if (size > maxPackageJsonBytes) throw refused('too-large', `the package.json of ${spec} is too large`);
  const parts: Uint8Array[] = [];
  for await (const part of folder.read('package.json')) parts.push(part);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch (cause) {
    throw refused('not-json', `the package.json of ${spec} is no JSON`, cause);
  }
  const reading = packageFromNpm(json, paths);
  if (!reading.ok) throw refused(reading.reason, `the package.json of ${spec} names no package of the mesh`);
  return { package: reading.package, folder };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > maxTarballBytes) throw refused('too-large', `the download exceeds ${maxTarballBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function fromRegistry(error: unknown, what: string): CatalogError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
  if (code === 'E404' || code === 'ETARGET' || code === 'ENOVERSIONS') {
    const next = 'check name and version, or name another registry in npm_config_registry';
    return new CatalogError(
      { code: 'catalog/not-found', what, next },
      `${what} is not on the registry; ${next}`,
      {
        cause: error,
      },
    );
  }
  const words = code === 'EINTEGRITY' ? 'its bytes are not those that the registry names' : code;
  return refused(code, `${what} cannot be taken from the registry: ${words}`, error);
}

function refused(reason: string, message: string, cause?: unknown): CatalogError {
  const next = 'publish another package, or a folder with a catalog.yaml of your own';
  return new CatalogError({ code: 'catalog/bad-package', reason, next }, message, { cause });
}
