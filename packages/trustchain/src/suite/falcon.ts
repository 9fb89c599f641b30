import { type BackendSource, backendSource, NOBLE, runs } from './backend.ts';
import { type FalconBackendName, type FalconEngine, openFalconEngine } from './falcon-engine.ts';
import { runFalconTask } from './falcon-worker.ts';
import type { SignatureBackend, SignatureSuiteOptions } from './signature-suite.ts';

/** Verifying up to this much by liboqs takes a fraction of a millisecond and stays here; more goes to the worker. */
const VERIFY_HERE_MAX_BYTES = 64 << 10;
const SIGNATURE_BYTES = 1280;

/** Bytes in memory of their own: a view is sent to a worker with all of the memory that it looks into. */
const alone = (bytes: Uint8Array) => new Uint8Array(bytes);

/** Everything in the worker, apart from what `here` is fast enough for. */
function inWorker(backend: FalconBackendName, here?: FalconEngine): SignatureBackend {
  return {
    generate: (seed, options) => runFalconTask({ task: 'generate', backend, seed }, options),
    publicKeyOf: (secretKey) => runFalconTask({ task: 'public-key', backend, secretKey: alone(secretKey) }),
    sign: (message, secretKey, { signal }) =>
      runFalconTask(
        { task: 'sign', backend, message: alone(message), secretKey: alone(secretKey) },
        { signal },
      ),
    verify(signature, message, publicKey) {
      if (signature.length !== SIGNATURE_BYTES) return false;
      return here !== undefined && message.length <= VERIFY_HERE_MAX_BYTES
        ? here.verify(signature, message, publicKey)
        : runFalconTask({
            task: 'verify',
            backend,
            signature: alone(signature),
            message: alone(message),
            publicKey: alone(publicKey),
          });
    },
  };
}

const liboqs: BackendSource<SignatureBackend> = backendSource(
  {
    name: 'liboqs',
    constantTime: 'liboqs checks its C for secret-dependent branches; compiled to WebAssembly nobody did',
    audit: 'none; liboqs calls itself research-grade',
  },
  () => runs(() => import.meta.resolve('@oqs/liboqs-js/sig')),
  async () => inWorker('liboqs', await openFalconEngine('liboqs')),
);

const noble: BackendSource<SignatureBackend> = backendSource(
  {
    ...NOBLE,
    audit:
      '@noble/post-quantum: audited by its author only; it calls Falcon signing weaker than hardened native code',
  },
  () => true,
  async () => inWorker('noble'),
);

/** Falcon-1024 of round 3, category 5, for long-lived artifacts beside a classical signature. */
export const FALCON_1024_R3: SignatureSuiteOptions = {
  id: 'falcon-1024-r3',
  standard: 'Falcon specification of NIST round 3, degree 1024, padded signatures of 1280 bytes',
  standardStatus: 'not a standard: FIPS 206 (FN-DSA) is unpublished and will differ',
  sizes: { seed: 48, secretKey: 2305, publicKey: 1793, signature: SIGNATURE_BYTES },
  contextMax: 0,
  sources: [liboqs, noble],
};
