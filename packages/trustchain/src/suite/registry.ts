import { TrustchainError } from '../errors.ts';
import { ED25519 } from './ed25519.ts';
import { FALCON_1024_R3 } from './falcon.ts';
import { X25519_ML_KEM_768 } from './hybrid-kem.ts';
import { createKemSuite, type KemSuiteOptions } from './kem-suite.ts';
import { ML_DSA_44, ML_DSA_65 } from './ml-dsa.ts';
import { ML_KEM_768 } from './ml-kem.ts';
import { P256 } from './p256.ts';
import { createSignatureSuite, type SignatureSuiteOptions } from './signature-suite.ts';
import type {
  BackendName,
  KemSuite,
  KemSuiteId,
  SignatureSuite,
  SignatureSuiteId,
  SuiteId,
} from './suite.ts';
import { X25519 } from './x25519.ts';

const SIGNATURES: Readonly<Record<SignatureSuiteId, SignatureSuiteOptions>> = {
  ed25519: ED25519,
  p256: P256,
  'ml-dsa-44': ML_DSA_44,
  'ml-dsa-65': ML_DSA_65,
  'falcon-1024-r3': FALCON_1024_R3,
};

const KEMS: Readonly<Record<KemSuiteId, KemSuiteOptions>> = {
  x25519: X25519,
  'ml-kem-768': ML_KEM_768,
  'x25519-ml-kem-768': X25519_ML_KEM_768,
};

/** Every id that `suiteFor` knows. */
export const suiteIds: readonly SuiteId[] = [
  ...(Object.keys(SIGNATURES) as SignatureSuiteId[]),
  ...(Object.keys(KEMS) as KemSuiteId[]),
];

/** Which backend to insist on; by default the best one here. All give the same bytes. */
export interface SuiteOptions {
  readonly backend?: BackendName | undefined;
}

/**
 * The suite of an id. Nothing heavy is loaded until its first call. Throws `trustchain/unknown-suite`, and
 * `trustchain/backend-absent` where the backend asked for is not here.
 */
export function suiteFor(id: SignatureSuiteId, options?: SuiteOptions): SignatureSuite;
export function suiteFor(id: KemSuiteId, options?: SuiteOptions): KemSuite;
export function suiteFor(id: SuiteId, options?: SuiteOptions): SignatureSuite | KemSuite;
export function suiteFor(id: SuiteId, options?: SuiteOptions): SignatureSuite | KemSuite {
  const backend = options?.backend;
  if (typeof id === 'string' && Object.hasOwn(SIGNATURES, id)) {
    return createSignatureSuite(SIGNATURES[id as SignatureSuiteId], backend);
  }
  if (typeof id === 'string' && Object.hasOwn(KEMS, id))
    return createKemSuite(KEMS[id as KemSuiteId], backend);
  const suite = typeof id === 'string' ? id : typeof id;
  throw new TrustchainError({ code: 'trustchain/unknown-suite', suite }, `no suite ${suite}`);
}
