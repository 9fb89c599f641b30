import type { KeyObject } from 'node:crypto';
import { nodeCrypto as crypto } from '../native.ts';
import type { AlgorithmIdentifier, KeyKind, PublicKeyInfo } from './key.ts';
import { Oid } from './oids.ts';
import type { RsaHash } from './rsa.ts';

/** How one signature came out. `unsupported`: this algorithm, or this pair of key and algorithm, is not accepted. */
export type SignatureResult = 'good' | 'bad' | 'unsupported';

/** What verifies where there is no `node:crypto`: loaded there alone, before the first signature. */
const portable = crypto === undefined ? await import('./signature-portable.ts') : undefined;

interface Scheme {
  readonly keys: readonly KeyKind[];
  readonly hash: RsaHash | null;
  readonly pss?: true;
}

const EC: readonly KeyKind[] = ['p256', 'p384', 'p521'];
const schemes: Readonly<Record<string, Scheme>> = {
  [Oid.ecdsaWithSha256]: { keys: EC, hash: 'sha256' },
  [Oid.ecdsaWithSha384]: { keys: EC, hash: 'sha384' },
  [Oid.ecdsaWithSha512]: { keys: EC, hash: 'sha512' },
  [Oid.sha256WithRsa]: { keys: ['rsa'], hash: 'sha256' },
  [Oid.sha384WithRsa]: { keys: ['rsa'], hash: 'sha384' },
  [Oid.sha512WithRsa]: { keys: ['rsa'], hash: 'sha512' },
  [Oid.ed25519]: { keys: ['ed25519'], hash: null },
  [Oid.mlDsa44]: { keys: ['ml-dsa-44'], hash: null },
  [Oid.mlDsa65]: { keys: ['ml-dsa-65'], hash: null },
  [Oid.mlDsa87]: { keys: ['ml-dsa-87'], hash: null },
};

const imported = new WeakMap<PublicKeyInfo, KeyObject | null>();

/** Verifies `signature` over `message`. Costs one public key operation, and one key import the first time. */
export function verifySignature(
  algorithm: AlgorithmIdentifier,
  key: PublicKeyInfo,
  message: Uint8Array,
  signature: Uint8Array,
): SignatureResult {
  const scheme = schemeOf(algorithm);
  if (scheme === undefined || !scheme.keys.includes(key.kind)) return 'unsupported';
  if (portable !== undefined) {
    try {
      return portable.verifyPortably(scheme, key, message, signature) ? 'good' : 'bad';
    } catch {
      return 'bad'; // how the libraries say that these bytes are no signature or no key
    }
  }
  if (crypto === undefined) return 'unsupported';
  const keyObject = importKey(key);
  if (keyObject === null) return 'bad';
  try {
    const input =
      scheme.pss === true
        ? {
            key: keyObject,
            padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
            saltLength: crypto.constants.RSA_PSS_SALTLEN_DIGEST,
          }
        : keyObject;
    return crypto.verify(scheme.hash, message, input, signature) ? 'good' : 'bad';
  } catch {
    // OpenSSL throws on some malformed signatures and answers false on others: to us both are bad ones.
    return 'bad';
  }
}

function importKey(key: PublicKeyInfo): KeyObject | null {
  const known = imported.get(key);
  if (known !== undefined) return known;
  let keyObject: KeyObject | null = null;
  try {
    keyObject = crypto?.createPublicKey({ key: key.der as Buffer, format: 'der', type: 'spki' }) ?? null;
  } catch {
    keyObject = null; // not a point of its curve, or an algorithm that this Node lacks
  }
  imported.set(key, keyObject);
  return keyObject;
}

function schemeOf(algorithm: AlgorithmIdentifier): Scheme | undefined {
  if (algorithm.oid === Oid.rsassaPss) return pssScheme(algorithm.parameters);
  const scheme = schemes[algorithm.oid];
  if (scheme === undefined) return undefined;
  const { parameters } = algorithm;
  const isNull = parameters?.length === 2 && parameters[0] === 0x05;
  // RFC 4055 §5 writes NULL for RSA, and asks to accept none; the others have none (RFC 5758, 8410, 9881).
  return parameters === undefined || (isNull && scheme.keys.includes('rsa')) ? scheme : undefined;
}

/** RSASSA-PSS in the forms of RFC 8017 that CAs use: MGF1 with the same hash, salt as long as the hash. */
function pssScheme(parameters: Uint8Array | undefined): Scheme | undefined {
  if (parameters === undefined) return undefined;
  const hex = [...parameters].map((octet) => octet.toString(16).padStart(2, '0')).join('');
  const hash = pssParameters.get(hex);
  return hash === undefined ? undefined : { keys: ['rsa'], hash, pss: true };
}

/** The three accepted encodings, whole: comparing them is simpler and stricter than reading them. */
const pssParameters: ReadonlyMap<string, RsaHash> = new Map(
  (
    [
      ['01', '20', 'sha256'],
      ['02', '30', 'sha384'],
      ['03', '40', 'sha512'],
    ] as const
  ).map(([arc, salt, hash]) => {
    const algorithm = `300d06096086480165030402${arc}0500`;
    return [`3034a00f${algorithm}a11c301a06092a864886f70d010108${algorithm}a2030201${salt}`, hash];
  }),
);
