import { cidOf, encodeCanonical, sha256 } from '@hypermesh/core';

/** CID (dag-cbor, sha2-256) of a program's files: path and digest of each, in the order of the paths' code units. */
export function codeCid(files: ReadonlyMap<string, Uint8Array>): string {
  const paths = [...files.keys()].sort();
  return cidOf(
    encodeCanonical(paths.map((path) => [path, sha256(files.get(path) as Uint8Array)])),
    'dag-cbor',
  );
}
