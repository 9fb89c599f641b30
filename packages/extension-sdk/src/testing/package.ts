import { encodeCanonical, sha256, toHex, utf8 } from '@hypermesh/core';
import { createSigner, verify } from '@hypermesh/core/ed25519';
import type { JsonObject } from '../json.ts';
import type { PackageFiles } from '../package/rules.ts';
import type { PackageSigner, TrustReason, TrustVerifier } from '../sign/ports.ts';
import { signPackage } from '../sign/sign.ts';

/** A signer and the verifier that believes it, Ed25519 alone and without certificates: for tests only. */
export interface TestSigner extends PackageSigner {
  readonly id: string;
  readonly trust: TrustVerifier;
  /** From now on the verifier refuses this signer for this reason; undefined believes it again. */
  refuse(reason: TrustReason | undefined): void;
}

/** Makes a signer out of a name: the same name, the same keys. */
export function testSigner(name = 'author', algorithm = 'FALCON-1024'): TestSigner {
  const key = createSigner(sha256(encodeCanonical({ testing: name })));
  const certificateFingerprint = `SHA256:${toHex(sha256(key.publicKey))}`;
  let refused: TrustReason | undefined;
  return {
    id: name,
    algorithm,
    certificateFingerprint,
    sign: async (message) => key.sign(message),
    refuse: (reason) => {
      refused = reason;
    },
    trust: {
      async verify({ message, signature, algorithm: wanted }) {
        if (wanted !== algorithm) return { ok: false, reason: 'unsupported-algorithm' };
        if (refused !== undefined) return { ok: false, reason: refused };
        if (!verify(signature, message, key.publicKey)) return { ok: false, reason: 'bad-signature' };
        return { ok: true, signer: name, certificateFingerprint };
      },
    },
  };
}

/** What a package for a test is made of; what is left out is as small as it may be. */
export interface TestPackage {
  readonly id: string;
  readonly version?: string;
  readonly entry: string | Uint8Array;
  readonly type?: 'native' | 'wasm';
  readonly tier?: 'strict' | 'trusted';
  readonly required?: readonly string[];
  readonly optional?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly assets?: readonly string[];
  readonly limits?: JsonObject;
  /** What the manifest tells of operations. */
  readonly operations?: JsonObject;
  readonly files?: Readonly<Record<string, string>>;
}

/** Builds and signs a package in memory. Throws where it breaks a rule. */
export async function signedPackage(of: TestPackage, signer: PackageSigner): Promise<PackageFiles> {
  const { id, version = '1.0.0', entry, type = 'native', tier = 'strict' } = of;
  const entryPoint = type === 'wasm' ? 'extension.wasm' : 'extension.mjs';
  const manifest = {
    manifest_version: '1.0',
    extension: { id, name: id, version },
    runtime: { type, entry_point: entryPoint, api_version: '1.0' },
    dependencies: of.dependencies ?? {},
    capabilities: { required: of.required ?? [], optional: of.optional ?? [] },
    resources: { limits: of.limits ?? { memory_mb: 64, cpu_percent: 400 } },
    assets: { provided_types: of.assets ?? [] },
    ...(of.operations === undefined ? {} : { operations: of.operations }),
    security: {
      certificate_fingerprint: signer.certificateFingerprint,
      signature_algorithm: signer.algorithm,
      sandbox_policy: tier,
    },
    ...(of.files?.['config/default.toml'] === undefined
      ? {}
      : { configuration: { defaults: 'config/default.toml' } }),
  };
  const files = new Map<string, Uint8Array>([
    ['manifest.json', utf8(JSON.stringify(manifest))],
    [entryPoint, typeof entry === 'string' ? utf8(entry) : entry],
    ...Object.entries(of.files ?? {}).map(([path, text]) => [path, utf8(text)] as const),
  ]);
  const signed = await signPackage(files, signer);
  if (!signed.ok) throw new TypeError(`${signed.reason.path}: ${signed.reason.detail}`);
  return signed.files;
}
