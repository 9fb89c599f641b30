export { readPackage } from '../package/read.ts';
export type { PackageFiles, PackageLimits, PackageProblem, PackageRule } from '../package/rules.ts';
export type { PackageSigner, SignerIdentity, TrustQuestion, TrustReason, TrustVerifier } from './ports.ts';
export { type SignProblem, signPackage } from './sign.ts';
export {
  type PackageStatement,
  parseSignatureFile,
  SIGNATURE_FILE,
  statementBytes,
  statementOf,
} from './statement.ts';
export { type PackageRefusal, type VerifiedPackage, verifyPackage } from './verify.ts';
