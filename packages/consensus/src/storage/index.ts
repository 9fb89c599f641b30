export { type FileStorage, type FileStorageOptions, openFileStorage } from './file.ts';
export { boundGuard, muteGuard, readGuard } from './guard-file.ts';
export { inspectStorage, type StorageInspection } from './inspect.ts';
