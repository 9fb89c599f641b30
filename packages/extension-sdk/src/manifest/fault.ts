/** What is wrong with a manifest. Stable public API. */
export type ManifestCode =
  | 'too-large'
  | 'not-utf8'
  | 'not-json'
  | 'too-deep'
  | 'unknown-form'
  | 'unsupported-version'
  | 'missing'
  | 'unknown-field'
  | 'wrong-type'
  | 'too-long'
  | 'too-many'
  | 'duplicate'
  | 'bad-id'
  | 'bad-version'
  | 'bad-range'
  | 'bad-path'
  | 'bad-asset-type'
  | 'bad-fingerprint'
  | 'bad-operation'
  | 'bad-schema'
  | 'out-of-range'
  | 'request-above-limit'
  | 'unknown-capability'
  | 'not-provided'
  | 'self-dependency'
  | 'unsupported-runtime'
  | 'unsupported-api'
  | 'unsupported-algorithm'
  | 'unsupported-sandbox-policy'
  | 'unsupported-network-policy';

/** Where (RFC 6901 pointer) and what is wrong; `detail` is for people. */
export interface ManifestProblem {
  readonly code: ManifestCode;
  readonly pointer: string;
  readonly detail: string;
}

/** Carries a problem from where it is found to `parseManifest`, and never further. */
export class ManifestFault extends Error {
  readonly problem: ManifestProblem;

  constructor(code: ManifestCode, pointer: string, detail: string) {
    super(detail);
    this.problem = { code, pointer, detail };
  }
}
