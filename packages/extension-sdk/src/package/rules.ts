import { pathFault } from './paths.ts';

/** The files of an extension by path, in memory: what is verified is what is run. */
export type PackageFiles = ReadonlyMap<string, Uint8Array>;

/** Bounds of a package; the defaults are 1,024 files, 64 MiB a file and 256 MiB in all. */
export interface PackageLimits {
  readonly maxFiles?: number;
  readonly maxFileBytes?: number;
  readonly maxBytes?: number;
}

/** Why a folder or a set of files is no package. */
export type PackageRule =
  | 'bad-path'
  | 'case-collision'
  | 'too-many-files'
  | 'file-too-large'
  | 'package-too-large'
  | 'private-key'
  | 'symlink'
  | 'hard-link'
  | 'not-a-file'
  | 'unreadable';

/** What breaks which rule. */
export interface PackageProblem {
  readonly code: PackageRule;
  readonly path: string;
  readonly detail: string;
}

export const defaultLimits: Required<PackageLimits> = {
  maxFiles: 1024,
  maxFileBytes: 64 * 2 ** 20,
  maxBytes: 256 * 2 ** 20,
};

const keyName = /\.(?:key|p12|pfx|jks|keystore)$|(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)$/i;
const keyText = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/;

/** The first rule that a set of files breaks. Private keys are looked for by name and in the text of every file. */
export function packageFault(files: PackageFiles, limits: PackageLimits = {}): PackageProblem | undefined {
  const { maxFiles, maxFileBytes, maxBytes } = { ...defaultLimits, ...limits };
  if (files.size > maxFiles)
    return { code: 'too-many-files', path: '', detail: `more than ${maxFiles} files` };
  const seen = new Map<string, string>();
  let total = 0;
  for (const [path, bytes] of files) {
    const fault = pathFault(path);
    if (fault !== undefined) return { code: 'bad-path', path, detail: fault };
    const twin = collision(seen, path);
    if (twin !== undefined) return { code: 'case-collision', path, detail: `is ${twin} on some machines` };
    if (bytes.length > maxFileBytes)
      return { code: 'file-too-large', path, detail: `more than ${maxFileBytes} bytes` };
    total += bytes.length;
    if (total > maxBytes)
      return { code: 'package-too-large', path, detail: `more than ${maxBytes} bytes in all` };
    if (
      keyName.test(path) ||
      keyText.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'))
    ) {
      return { code: 'private-key', path, detail: 'private keys stay with their owner' };
    }
  }
  return undefined;
}

/** A path, or folder of it, that differs by case alone from one that was seen; a file where another has a folder. */
function collision(seen: Map<string, string>, path: string): string | undefined {
  const parts = path.split('/');
  for (let count = 1; count <= parts.length; count++) {
    const isFile = count === parts.length;
    const own = `${parts.slice(0, count).join('/')}${isFile ? '' : '/'}`;
    const key = own.replace(/\/$/, '').toLowerCase();
    const other = seen.get(key);
    if (other !== undefined && (other !== own || isFile)) return other;
    seen.set(key, own);
  }
  return undefined;
}
