/** Every capability an extension can be granted, by the fine names that manifests of the nested form use. */
export const capabilityNames = [
  'asset:read',
  'asset:write',
  'asset:create',
  'network:connect',
  'consensus:validate',
  'storage:read',
  'storage:write',
  'vm:execute',
  'container:deploy',
  'trustchain:verify',
  'trustchain:sign',
  'transport:stream',
  'proxy:address',
  'fs:read',
  'fs:write',
  'extension:call',
  'monitoring:read',
] as const;

/** A capability by its fine name. */
export type Capability = (typeof capabilityNames)[number];

/** What each coarse name of the flat form stands for. */
export const coarseCapabilities: Readonly<Record<string, readonly Capability[]>> = {
  AssetManagement: ['asset:read', 'asset:write', 'asset:create'],
  ContainerManagement: ['container:deploy'],
  VMExecution: ['vm:execute'],
  NetworkAccess: ['network:connect'],
  ConsensusAccess: ['consensus:validate'],
  TrustChainAccess: ['trustchain:verify'],
  TransportAccess: ['transport:stream'],
  ProxyAccess: ['proxy:address'],
  FileSystemAccess: ['fs:read', 'fs:write'],
  StorageAccess: ['storage:read', 'storage:write'],
  ExtensionCommunication: ['extension:call'],
  MonitoringAccess: ['monitoring:read'],
};

const fine: ReadonlySet<string> = new Set(capabilityNames);

/** The fine capabilities of a name, fine or coarse; none for a name that means nothing. */
export function capabilitiesOf(name: string): readonly Capability[] {
  if (fine.has(name)) return [name as Capability];
  return Object.hasOwn(coarseCapabilities, name) ? (coarseCapabilities[name] ?? []) : [];
}
