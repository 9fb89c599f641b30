export type { ComplianceCase } from './compliance.ts';
export { deviceAdapterCompliance } from './device-adapter.ts';
export { type JournalSubject, journalCompliance } from './journal.ts';
