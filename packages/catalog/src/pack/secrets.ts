import { fromUtf8 } from '@hypermesh/core';
import type { FileEntry } from '../document/record.ts';
import type { SourceFolder } from './folder.ts';

/** Keys are small; what is larger is not looked into. */
const MAX_KEY_FILE = 64 * 1024;

const HEADER = /^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/m;

/** Whether a file has a name under which people keep secrets. */
export function isSecretByName(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  return /^(?:\.env(?:\..*)?|\.npmrc|\.netrc|id_(?:rsa|dsa|ecdsa|ed25519)|.*\.(?:p12|pfx|keystore|jks))$/.test(
    name,
  );
}

/** Whether a file begins as a private key in PEM or OpenSSH form does. Reads small files alone. */
export async function holdsPrivateKey(folder: SourceFolder, { path, size }: FileEntry): Promise<boolean> {
  if (size < 64 || size > MAX_KEY_FILE || !couldBeKey(path)) return false;
  for await (const piece of folder.read(path)) {
    const text = fromUtf8(piece.subarray(0, 4096).filter((byte) => byte < 0x80));
    return text.ok && HEADER.test(text.text);
  }
  return false;
}

/** Sources of programs hold keys as text in the middle at most; files of these kinds are passed over unread. */
function couldBeKey(path: string): boolean {
  return !/\.(?:[cm]?[jt]sx?|map|json|md|html?|css|wasm|png|jpe?g|svg|gif|woff2?)$/i.test(path);
}
