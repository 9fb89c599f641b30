export { TrustchainError, type TrustchainFailure } from './errors.ts';
export { type SuiteOptions, suiteFor, suiteIds } from './suite/registry.ts';
export type {
  BackendName,
  BytesLike,
  KemSuite,
  KemSuiteId,
  KeyPair,
  SignatureSuite,
  SignatureSuiteId,
  SignOptions,
  SuiteId,
  SuiteInfo,
  VerifyOptions,
  WaitOptions,
} from './suite/suite.ts';
