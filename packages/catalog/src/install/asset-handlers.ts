import type { PackageType } from '../document/package.ts';
import type { PackageRecord } from '../document/record.ts';
import type { InstalledAsset } from '../ports.ts';

/** What a handler says of a package of its types: the asset it becomes here, or why it cannot become one. */
export type HandlerVerdict =
  | { readonly ok: true; readonly asset: InstalledAsset }
  | { readonly ok: false; readonly reason: string };

/** Turns packages of some types into assets: looks at the record alone and runs nothing. */
export interface PackageHandler {
  readonly name: 'VirtualMachine' | 'Container' | 'Library' | 'Dataset';
  readonly types: readonly PackageType[];
  assetOf(record: PackageRecord, digest: string): HandlerVerdict;
}

type Fault = (record: PackageRecord) => string | undefined;

const lacksEntrypoint: Fault = ({ entrypoint, files }) => {
  if (entrypoint === undefined) return 'it names no entrypoint';
  return files.some(({ path }) => path === entrypoint) ? undefined : `${entrypoint} is not among its files`;
};

function handler(
  name: PackageHandler['name'],
  kind: InstalledAsset['kind'],
  types: readonly PackageType[],
  faultOf: Fault,
): PackageHandler {
  return {
    name,
    types,
    assetOf(record, digest) {
      if (!types.includes(record.type)) return { ok: false, reason: `${record.type} is not for ${name}` };
      const reason = faultOf(record);
      if (reason !== undefined) return { ok: false, reason: `${record.name}@${record.version}: ${reason}` };
      const { version, type, root, bytes } = record;
      return {
        ok: true,
        asset: { name: record.name, version, type, kind, digest, content: root, bytes, handler: name },
      };
    },
  };
}

/** The module that a virtual machine starts from must be there and be WebAssembly by its name. */
const virtualMachineFault: Fault = (record) =>
  lacksEntrypoint(record) ??
  (record.entrypoint?.endsWith('.wasm') ? undefined : 'the entrypoint of vm.wasm must be a .wasm file');

/** An image in the OCI layout: its marker and its index must be there. */
const containerFault: Fault = ({ files }) => {
  const missing = ['oci-layout', 'index.json'].find((path) => !files.some((file) => file.path === path));
  return missing === undefined ? undefined : `an image in the OCI layout has a file ${missing}`;
};

const libraryFault: Fault = ({ type, entrypoint, files }) => {
  if (type === 'library.javascript' && entrypoint === undefined) return 'it names no entrypoint';
  const isThere = entrypoint === undefined || files.some(({ path }) => path === entrypoint);
  if (!isThere) return `${entrypoint} is not among its files`;
  return files.length === 0 ? 'a library has at least one file' : undefined;
};

/** The handlers that catalog registers for the package types of the seeds. */
export const packageHandlers: readonly PackageHandler[] = [
  handler('VirtualMachine', 'vm', ['vm.wasm'], virtualMachineFault),
  handler('Container', 'container', ['container.docker'], containerFault),
  handler(
    'Library',
    'library',
    ['library.javascript', 'library.julia', 'library.python', 'library.rust'],
    libraryFault,
  ),
  handler('Dataset', 'dataset', ['dataset.scientific'], () => undefined),
];

/** The handler of a type; every type of a package record has one. */
export function handlerOf(type: PackageType): PackageHandler {
  const found = packageHandlers.find(({ types }) => types.includes(type));
  if (found === undefined) throw new TypeError(`no handler takes ${type}`);
  return found;
}
