/** Ids of the signature suites. `falcon-1024-r3` is Falcon of NIST's round 3 with padded signatures, not FN-DSA. */
export type SignatureSuiteId = 'ed25519' | 'p256' | 'ml-dsa-44' | 'ml-dsa-65' | 'falcon-1024-r3';

/** Ids of the key-encapsulation suites. `x25519` and `ml-kem-768` are building blocks; use the hybrid. */
export type KemSuiteId = 'x25519' | 'ml-kem-768' | 'x25519-ml-kem-768';

/** Id of any suite. */
export type SuiteId = SignatureSuiteId | KemSuiteId;

/** Who computes: `node:crypto`, liboqs compiled to WebAssembly, or the noble libraries in JavaScript. */
export type BackendName = 'native' | 'liboqs' | 'noble';

/** What is known of a suite as it runs here. Each text is for people; `backend` may be branched on. */
export interface SuiteInfo {
  /** The backend in use, or the one that the first call will try. */
  readonly backend: BackendName;
  /** The document that fixes the algorithm. */
  readonly standard: string;
  /** Whether that document is final, and what is likely to change. */
  readonly standardStatus: string;
  /** What the backend says of its running time depending on secrets. */
  readonly constantTime: string;
  /** Whether somebody independent has looked at the backend. */
  readonly audit: string;
}

/** Raw bytes, or their hex text in either case. */
export type BytesLike = Uint8Array | string;

/** A fresh pair in the raw encodings of its suite. The caller owns both and keeps `secretKey` to itself. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

/** Options of a call that may wait for a worker; an abort rejects with the signal's reason, the work is dropped. */
export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Options of `sign`. `context` (0 to 255 bytes) exists for ML-DSA only and must then be given to `verify` too. */
export interface SignOptions extends WaitOptions {
  readonly context?: Uint8Array | undefined;
}

/** Options of `verify`. */
export interface VerifyOptions {
  readonly context?: BytesLike | undefined;
}

/**
 * A signature algorithm over raw bytes. Every method may be called at any time and concurrently; the bytes handed in must
 * stay as they are until its promise settles.
 */
export interface SignatureSuite {
  readonly id: SignatureSuiteId;
  readonly kind: 'signature';
  readonly info: SuiteInfo;
  /** Lengths in bytes; `signature` is the longest. */
  readonly sizes: {
    readonly seed: number;
    readonly secretKey: number;
    readonly publicKey: number;
    readonly signature: number;
  };
  /** A new key pair, random or, from a seed of `sizes.seed` secret uniform bytes, always the same. */
  generate(seed?: Uint8Array, options?: WaitOptions): Promise<KeyPair>;
  /** The public key that belongs to `secretKey`. */
  publicKeyOf(secretKey: Uint8Array): Promise<Uint8Array>;
  /** Signs `message` as it is: hash, domain and framing are the caller's. Two signatures may differ. */
  sign(message: Uint8Array, secretKey: Uint8Array, options?: SignOptions): Promise<Uint8Array>;
  /** Whether the signature holds. Bad lengths, types, hex or encodings answer false. */
  verify(
    signature: BytesLike,
    message: BytesLike,
    publicKey: BytesLike,
    options?: VerifyOptions,
  ): Promise<boolean>;
}

/** A key-encapsulation mechanism over raw bytes, which must stay as they are until a promise settles. */
export interface KemSuite {
  readonly id: KemSuiteId;
  readonly kind: 'kem';
  readonly info: SuiteInfo;
  /** Lengths in bytes, all exact. */
  readonly sizes: {
    readonly seed: number;
    readonly secretKey: number;
    readonly publicKey: number;
    readonly ciphertext: number;
    readonly sharedSecret: number;
  };
  /** A new key pair, random or from a seed of `sizes.seed` secret uniform bytes. */
  generate(seed?: Uint8Array): Promise<KeyPair>;
  /** A fresh secret and the bytes that carry it to the holder of `publicKey`. */
  encapsulate(publicKey: Uint8Array): Promise<{ ciphertext: Uint8Array; sharedSecret: Uint8Array }>;
  /**
   * The secret that `ciphertext` carries. A forged ML-KEM ciphertext of the right length gives an unrelated secret
   * rather than a failure: confirm the key before relying on it.
   */
  decapsulate(ciphertext: Uint8Array, secretKey: Uint8Array): Promise<Uint8Array>;
}
