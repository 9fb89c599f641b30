export { type Capability, capabilitiesOf, capabilityNames, coarseCapabilities } from '../capabilities.ts';
export type { ManifestCode, ManifestProblem } from './fault.ts';
export type { Dependency, Manifest, OperationNotes, ResourceAmounts, SandboxPolicy } from './model.ts';
export { MANIFEST_MAX_BYTES, parseManifest } from './parse.ts';
