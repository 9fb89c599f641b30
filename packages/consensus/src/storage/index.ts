export { type FileStorage, type FileStorageOptions, openFileStorage } from './file.ts';
