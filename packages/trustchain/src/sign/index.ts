export type { ContentDigest } from './content.ts';
export {
  BUNDLE_MAX_BYTES,
  type Bundle,
  type BundleFormatReason,
  decodeBundle,
  type SignerKeys,
  type Statement,
  signerId,
} from './format.ts';
export {
  type ArtifactSigner,
  attachLogProof,
  bundleLogEntry,
  type SignBundleOptions,
  signBundle,
} from './sign.ts';
export {
  type BundleCheck,
  type BundleCheckName,
  type BundleReason,
  type BundleTrust,
  type BundleVerdict,
  type ChainCheck,
  verifyBundle,
} from './verify.ts';
