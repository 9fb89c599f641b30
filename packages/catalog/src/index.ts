export {
  type Catalog,
  type CatalogOptions,
  createCatalog,
  type InstallPlan,
  type PackageInfo,
} from './catalog.ts';
export { type Attempt, delegate, executionRequest, type RunOptions, type RunResult } from './delegation.ts';
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
export {
  CatalogError,
  type CatalogFailure,
  type CheckName,
  type DocumentFault,
  type NodeReason,
} from './errors.ts';
export { type CatalogEvent, describeEvent, type WorkOptions } from './events.ts';
export {
  type HandlerVerdict,
  handlerOf,
  type PackageHandler,
  packageHandlers,
} from './install/asset-handlers.ts';
export type { InstalledPackage } from './install/installed.ts';
export type { InstalledResult, InstallOptions, InstallResult } from './install/installer.ts';
export type { PackageOnNode } from './install/on-node.ts';
export type { Check, VerifyReport } from './install/verify.ts';
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
export type {
  ArtifactSigner,
  Artifacts,
  AssetRegistry,
  CallOptions,
  Candidate,
  CatalogPorts,
  Content,
  ExecutionPort,
  ExecutionRequest,
  ExecutionResult,
  ExecutionStatus,
  Fetched,
  FetchedFrom,
  FetchProgress,
  Index,
  IndexEntry,
  IndexValue,
  IndexWrite,
  InstalledAsset,
  OpenedSource,
  Ordered,
  PackageSource,
  RegisteredAsset,
  SignedArtifact,
  State,
  Trees,
} from './ports.ts';
export type { Draft, PublishResult } from './publish.ts';
export {
  type IndexRecord,
  type IndexRecordReason,
  MAX_INDEX_RECORD_BYTES,
  openIndexRecord,
  signIndexRecord,
} from './registry/index-record.ts';
export { parseSpec, type RefusedEntry, type Release } from './registry/registry.ts';
export { reportSequences, type SequenceReport } from './registry/sequences.ts';
export {
  judgeSigners,
  type SigningPolicy,
  type SigningReason,
  type SigningRule,
} from './registry/signing-policy.ts';
export {
  createInvertedIndex,
  type InvertedIndex,
  type RankedName,
  type SearchDocument,
} from './search/inverted-index.ts';
export type { SearchHit, SearchQuery } from './search/search.ts';
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
export { DOCUMENT_NAMES, folderSource } from './sources/folder.ts';
export { describePackage } from './template/page.ts';
export { createFromTemplate, type TemplateParameters } from './template/template.ts';
export {
  createTreeStore,
  type TreeDraft,
  type TreeFiles,
  type TreeInstallation,
  type TreeStore,
} from './tree/store.ts';
