import { Fields } from './fields.ts';
import type { Manifest } from './model.ts';
import {
  assetTypes,
  capabilityList,
  checkDependencies,
  fingerprintField,
  idField,
  runtime,
  versionField,
} from './parts.ts';

/** The families of assets that the flat form names, in the words of the nested form. */
const assetFamilies: Readonly<Record<string, string>> = {
  VirtualMachine: 'vm',
  Container: 'container',
  Library: 'library',
  Dataset: 'dataset',
};

/**
 * Reads the flat form: coarse capabilities, dependencies as a list. What it cannot say is what the nested form takes by
 * default: an ES module `extension.mjs` in the strict sandbox, unless it has a `runtime` of the nested form.
 */
export function readFlat(top: Fields): Manifest {
  const id = idField(top, 'id');
  const dependencies = top.list('dependencies', 256, (value, pointer) => {
    const item = new Fields(value, pointer);
    const dependency = {
      id: item.text('extension_id', 128),
      range: item.text('version_requirement', 128),
      pointer,
    };
    item.done();
    return dependency;
  });
  const own = top.optionalObject('runtime');
  const category = top.optionalText('category', 64);
  const description = top.optionalText('description', 2_048);
  const required = capabilityList(top, 'required_capabilities');
  const optional = capabilityList(top, 'optional_capabilities');
  const manifest: Manifest = {
    form: 'flat',
    id,
    name: top.text('name', 128),
    version: versionField(top, 'version'),
    ...(description === undefined ? {} : { description }),
    ...(category === undefined ? {} : { category }),
    runtime: own === undefined ? { type: 'native', entryPoint: 'extension.mjs' } : runtime(own),
    dependencies: checkDependencies(id, dependencies),
    capabilities: { required, optional: optional.filter((each) => !required.includes(each)) },
    resources: { limits: {}, requests: {} },
    assets: { providedTypes: assetTypes(top, 'provided_assets', assetFamilies), handlers: [] },
    operations: {},
    security: {
      certificateFingerprint: fingerprintField(top),
      signatureAlgorithm: 'FALCON-1024',
      sandboxPolicy: 'strict',
      networkPolicy: 'restricted',
    },
    configuration: {},
  };
  top.done();
  return manifest;
}
