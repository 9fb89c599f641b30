export { COST_MAX, DEFAULT_COST, type KeystoreCost, type StoredKey } from './format.ts';
export {
  type CreateKeystoreOptions,
  createKeystore,
  type Keystore,
  type KeystoreOptions,
  type OpenKeystoreReason,
  openKeystore,
} from './keystore.ts';
export type { UnsealReason } from './seal.ts';
