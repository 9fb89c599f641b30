export { type FileStorage, type FileStorageOptions, openFileStorage } from './file.ts';
export { boundGuard, muteGuard, readGuard } from './guard-file.ts';
