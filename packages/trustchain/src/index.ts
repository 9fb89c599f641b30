export {
  type CertificateAuthority,
  type CertificateKeys,
  createCertificateAuthority,
  createEnrolment,
  generateCertificateKeys,
  openCertificateAuthority,
  verifyEnrolment,
} from './ca/index.ts';
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
export {
  type Certificate,
  type ChainReason,
  type ChainVerdict,
  decodeCertificate,
  type VerifyChainOptions,
  verifyChain,
} from './x509/index.ts';
