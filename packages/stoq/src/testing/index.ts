export { type AuthenticatorSubject, authenticatorCompliance } from './authenticator.ts';
export { type CarrierSubject, carrierCompliance } from './carrier.ts';
export type { ComplianceCase } from './compliance.ts';
export { contentStoreCompliance } from './content-store.ts';
