export type { AlternativeResult } from './alternative.ts';
export type { WorkDone, WorkLimits } from './budget.ts';
export {
  type Certificate,
  type CertificateSource,
  type CertificateVerdict,
  decodeCertificate,
  MAX_CERTIFICATE_BYTES,
} from './certificate.ts';
export {
  decodeRevocationList,
  type RevocationList,
  type RevocationListHead,
  type RevocationListSource,
  type RevokedEntry,
} from './crl.ts';
export type { DecodeReason } from './der/malformed.ts';
export { type Extension, KeyUsage, type KnownExtensions, type NameConstraints } from './extensions.ts';
export type { GeneralName } from './general-name.ts';
export { certificateKeys, fingerprint, nodeIn, nodeUri, signerUri } from './identity.ts';
export type { AlgorithmIdentifier, KeyKind, PublicKeyInfo } from './key.ts';
export { type DistinguishedName, type NameAttribute, nameText } from './name.ts';
export { toPem } from './pem.ts';
export type { Profile, Purpose } from './purpose.ts';
export type { ChainReason, Problem } from './reason.ts';
export {
  type ChainVerdict,
  DEFAULT_MAX_DEPTH,
  type VerifyChainOptions,
  verifyChain,
} from './verify-chain.ts';
