export { publicKeyPortable, signPortable, verifyPortable } from './portable.ts';
export {
  createSigner,
  type Ed25519Key,
  type Ed25519Signer,
  generateKey,
  publicKeyOf,
  sign,
  verify,
} from './signature.ts';
