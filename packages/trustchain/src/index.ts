export { TrustchainError, type TrustchainFailure } from './errors.ts';
