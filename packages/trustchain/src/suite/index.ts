export { type SuiteOptions, suiteFor, suiteIds } from './registry.ts';
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
} from './suite.ts';
