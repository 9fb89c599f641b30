import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSigner, generateKey, verify } from '@hypermesh/core/ed25519';
import {
  type PackageSigner,
  readPackage,
  signPackage,
  type TrustVerifier,
} from '@hypermesh/extension-sdk/sign';

/** One author with an Ed25519 key, and whom a host asks about this author's signatures. */
export function createAuthor(): { readonly signer: PackageSigner; readonly trust: TrustVerifier } {
  const { secretKey, publicKey } = generateKey();
  const key = createSigner(secretKey);
  const identity = { signer: 'the author', certificateFingerprint: 'SHA256:demo' };
  return {
    signer: {
      algorithm: 'FALCON-1024',
      certificateFingerprint: 'SHA256:demo',
      sign: async (message) => key.sign(message),
    },
    trust: {
      verify: async ({ message, signature }) =>
        verify(signature, message, publicKey)
          ? { ok: true, ...identity }
          : { ok: false, reason: 'bad-signature' },
    },
  };
}

/** Signs the folder of a plug-in, and writes it with its signature to another. */
export async function publish(from: string, to: string, signer: PackageSigner): Promise<void> {
  const read = await readPackage(from);
  const signed = read.ok ? await signPackage(read.files, signer) : read;
  if (!signed.ok) throw new Error(`${from} cannot be signed: ${signed.reason.detail}`);
  mkdirSync(to, { recursive: true });
  for (const [path, bytes] of signed.files) writeFileSync(join(to, path), bytes);
}
