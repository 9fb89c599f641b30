export {
  type AuthorityOptions,
  type AuthorityPorts,
  type CertificateAuthority,
  createCertificateAuthority,
  type IntermediateRequest,
  type IssuedCertificate,
  lifetimesMs,
  type NodeCertificateRequest,
  openCertificateAuthority,
  renewAtMs,
  type SignerCertificateRequest,
} from './authority.ts';
export { createChainCheck } from './chain-check.ts';
export {
  createEnrolment,
  type EnrolmentReason,
  type EnrolmentRequest,
  verifyEnrolment,
} from './enrolment.ts';
export {
  type CertificateKeys,
  type CertificatePublicKeys,
  generateCertificateKeys,
  publicKeysOf,
} from './keys.ts';
export {
  type RevocationListRequest,
  revocationReasons,
  type SignedRevocationList,
} from './revocation-list.ts';
