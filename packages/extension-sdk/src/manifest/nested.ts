import type { Fields } from './fields.ts';
import type { Manifest } from './model.ts';
import { operationNotes } from './operations.ts';
import {
  assetTypes,
  capabilityList,
  checkDependencies,
  handlerList,
  idField,
  pathField,
  resources,
  runtime,
  security,
  versionField,
} from './parts.ts';

/** Reads the nested form, `manifest_version` 1.0. */
export function readNested(top: Fields): Manifest {
  const version = top.text('manifest_version', 16);
  if (version !== '1.0')
    top.fail('manifest_version', 'unsupported-version', `this host reads 1.0, not ${version}`);
  const about = readAbout(top.object('extension'));
  const dependencies = top.entries('dependencies', 256).map(([id, range]) => ({
    id,
    range: String(range),
    pointer: `${top.at('dependencies')}/${id.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  }));
  const capabilities = top.optionalObject('capabilities');
  const required = capabilities === undefined ? [] : capabilityList(capabilities, 'required');
  const optional = capabilities === undefined ? [] : capabilityList(capabilities, 'optional');
  capabilities?.done();
  const assets = top.optionalObject('assets');
  const providedTypes = assets === undefined ? [] : assetTypes(assets, 'provided_types');
  const handlers = assets === undefined ? [] : handlerList(assets, providedTypes);
  assets?.done();
  const manifest: Manifest = {
    form: 'nested',
    ...about,
    runtime: runtime(top.object('runtime')),
    dependencies: checkDependencies(about.id, dependencies),
    capabilities: { required, optional: optional.filter((each) => !required.includes(each)) },
    resources: resources(top.optionalObject('resources')),
    assets: { providedTypes, handlers },
    operations: operationNotes(top),
    security: security(top.object('security')),
    configuration: readConfiguration(top.optionalObject('configuration')),
  };
  top.done();
  return manifest;
}

function readAbout(fields: Fields) {
  const author = fields.optionalObject('author');
  const email = author?.optionalText('email', 254);
  const url = author?.optionalText('url', 512);
  const by =
    author === undefined
      ? {}
      : {
          author: {
            name: author.text('name', 128),
            ...(email === undefined ? {} : { email }),
            ...(url === undefined ? {} : { url }),
          },
        };
  author?.done();
  const id = idField(fields, 'id');
  const about = {
    id,
    name: fields.text('name', 128),
    version: versionField(fields, 'version'),
    ...optional(fields, 'description', 2_048),
    ...by,
    ...optional(fields, 'license', 128),
    ...optional(fields, 'homepage', 512),
    ...optional(fields, 'category', 64),
  };
  fields.done();
  return about;
}

function optional<Name extends string>(
  fields: Fields,
  name: Name,
  maxLength: number,
): { [K in Name]?: string } {
  const value = fields.optionalText(name, maxLength);
  return (value === undefined ? {} : { [name]: value }) as { [K in Name]?: string };
}

function readConfiguration(fields: Fields | undefined): Manifest['configuration'] {
  if (fields === undefined) return {};
  const schema = fields.optionalText('schema', 255);
  const defaults = fields.optionalText('defaults', 255);
  fields.done();
  return {
    ...(schema === undefined ? {} : { schema: pathField(fields, 'schema', schema) }),
    ...(defaults === undefined ? {} : { defaults: pathField(fields, 'defaults', defaults) }),
  };
}
