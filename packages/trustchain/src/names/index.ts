export {
  type DecodedName,
  decodeName,
  isName,
  NAME_MAX_BYTES,
  NAME_MAX_LIFETIME_MS,
  type NameFormatReason,
  type NameRecord,
  signName,
} from './record.ts';
export { isWellKnownName, type NameUrl, parseNameUrl, WELL_KNOWN_NAMES } from './url.ts';
export {
  createNameView,
  type NameReason,
  type NameTrust,
  type NameView,
  type SeenName,
  verifyName,
} from './verify.ts';
