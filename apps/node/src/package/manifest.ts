import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { NodeError } from '../errors.ts';
import { isPackagePath } from './document.ts';

/** What an author writes: `hypermesh.json` in the folder of a package. */
export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly program: {
    /** `vm.wasm` where it is absent. */
    readonly type?: 'vm.wasm' | 'library.javascript';
    readonly module: string;
    readonly operation: string;
    readonly input?: string;
  };
  readonly files: readonly string[];
}

const manifestName = 'hypermesh.json';
const maxManifestBytes = 256 * 1024;

/** Reads the manifest of a package's folder. Throws `node/bad-package` that says what is wrong in which field. */
export function readManifest(folder: string): PackageManifest {
  const path = join(folder, manifestName);
  let text: string;
  try {
    if (statSync(path).size > maxManifestBytes)
      throw badPackage(path, `it is larger than ${maxManifestBytes} bytes`);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof NodeError) throw error;
    throw badPackage(path, `it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badPackage(path, (error as Error).message);
  }
  const top = fields(path, 'the manifest', value, ['name', 'version', 'program', 'files']);
  const program = fields(path, 'program', top['program'], ['type', 'module', 'operation', 'input']);
  const { files } = top;
  if (!Array.isArray(files) || files.length === 0 || !files.every((entry) => typeof entry === 'string')) {
    throw badPackage(path, 'files must be a list of paths');
  }
  const outside = files.find((entry) => !isPackagePath(entry));
  if (outside !== undefined)
    throw badPackage(path, `${JSON.stringify(outside)} must be a relative path, without . and ..`);
  const input = program['input'];
  if (input !== undefined && typeof input !== 'string')
    throw badPackage(path, 'program.input must be a path');
  const { type } = program;
  if (type !== undefined && type !== 'vm.wasm' && type !== 'library.javascript')
    throw badPackage(path, 'program.type must be vm.wasm or library.javascript');
  return {
    name: textOf(path, 'name', top['name']),
    version: textOf(path, 'version', top['version']),
    program: {
      ...(type === undefined ? {} : { type }),
      module: textOf(path, 'program.module', program['module']),
      operation: textOf(
        path,
        'program.operation',
        program['operation'] ?? (type === 'library.javascript' ? 'default' : 'run'),
      ),
      ...(input === undefined ? {} : { input }),
    },
    files,
  };
}

function fields(
  path: string,
  what: string,
  value: unknown,
  known: readonly string[],
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badPackage(path, `${what} must be an object`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw badPackage(path, `${what} has no field ${JSON.stringify(unknown)}`);
  return value as Record<string, unknown>;
}

function textOf(path: string, field: string, value: unknown): string {
  if (typeof value === 'string' && value.length > 0) return value;
  throw badPackage(path, `${field} must be a text`);
}

function badPackage(path: string, reason: string): NodeError {
  return new NodeError({ code: 'node/bad-package', reason, next: `correct ${path}` }, `${path}: ${reason}`);
}
