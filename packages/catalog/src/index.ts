export { isPackageName, type PathFault, pathFault } from './document/names.ts';
export { type NpmReading, type NpmReason, packageFromNpm } from './document/npm.ts';
export {
  type AssetPackage,
  DEPENDENCY_KINDS,
  type Dependency,
  type Execution,
  PACKAGE_TYPES,
  type PackageContent,
  type PackageType,
  type Resources,
  type Security,
} from './document/package.ts';
export { type PackageParsing, parsePackage } from './document/parse.ts';
export type { DocumentCode, DocumentProblem } from './document/problems.ts';
export {
  decodePackageRecord,
  encodePackageRecord,
  type FileEntry,
  fileRange,
  MAX_FILES,
  MAX_PACKAGE_BYTES,
  MAX_RECORD_BYTES,
  type PackageRecord,
  type PackageRecordReason,
  type PackedFiles,
  recordOf,
} from './document/record.ts';
export { type Requirements, requirementsOf } from './document/requirements.ts';
export { CatalogError, type CatalogFailure } from './errors.ts';
export {
  compareLocks,
  type Lock,
  type LockChange,
  type LockedPackage,
  lockedVersions,
  writeLock,
} from './lock/lock.ts';
export { type LockParsing, parseLock } from './lock/parse.ts';
export { why } from './lock/why.ts';
export { type FolderEntry, folderFromMap, type SourceFolder } from './pack/folder.ts';
export { type Packing, type PackOptions, type PackProblem, pack } from './pack/pack.ts';
export type { PublishedVersion, Requirement, VersionIndex } from './solver/candidates.ts';
export { type PlainIndex, type Resolution, resolve } from './solver/resolve.ts';
export {
  createSolver,
  type Solution,
  type SolveOptions,
  type SolveReason,
  type Solver,
} from './solver/solver.ts';
export { compareVersions, isRange, isVersion, satisfies } from './solver/versions.ts';
export {
  createTreeStore,
  type TreeDraft,
  type TreeFiles,
  type TreeInstallation,
  type TreeStore,
} from './tree/store.ts';
