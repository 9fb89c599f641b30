import { toHex } from '@hypermesh/core';

/** What a host prints of everything that has a native and a portable path. */
export async function summary(): Promise<string> {
  const { cidOf, domainHash, encodeCanonical, sha256, sha512 } = await import('@hypermesh/core');
  const { blake3, backend } = await import('@hypermesh/core/blake3');
  const { generateKey, sign, verify } = await import('@hypermesh/core/ed25519');
  const { createMerkleTree, leafHash } = await import('@hypermesh/core/merkle');
  const { createSeededRandom } = await import('@hypermesh/core/testing');
  const bytes = createSeededRandom('portable host').bytes(3000);
  const { secretKey, publicKey } = generateKey(bytes.slice(0, 32));
  const signature = sign(bytes, secretKey);
  const tree = createMerkleTree([1, 2, 3].map((leaf) => leafHash(Uint8Array.of(leaf))));
  const same = {
    sha256: toHex(sha256(bytes, bytes)),
    sha512: toHex(sha512(bytes)),
    domain: toHex(domainHash('test', bytes)),
    blake3: toHex(blake3(bytes)),
    cid: cidOf(encodeCanonical({ bytes }), 'dag-cbor', 'blake3-256'),
    publicKey: toHex(publicKey),
    signature: toHex(signature),
    verdicts: [verify(signature, bytes, publicKey), verify(signature, bytes.subarray(1), publicKey)],
    root: toHex(tree.root()),
  };
  return JSON.stringify({ native: backend === 'native', same });
}
