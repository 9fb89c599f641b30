import semver from 'semver';
import { type Capability, capabilitiesOf } from '../capabilities.ts';
import { pathFault } from '../package/paths.ts';
import { ManifestFault } from './fault.ts';
import { Fields } from './fields.ts';
import type { Dependency, Manifest, ResourceAmounts } from './model.ts';

const idPattern = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)*$/;
const assetTypePattern = /^[a-z][a-z0-9-]{0,31}(?:\.[a-z0-9][a-z0-9-]{0,31}){0,3}$/;
const fingerprintPattern = /^SHA256:[0-9A-Za-z:.+/=_-]{1,128}$/;
/** Both mean the same two signatures: the seeds' name of it, and what it says in full. */
const algorithms = new Set(['FALCON-1024', 'ED25519+FALCON-1024']);

/** An id of an extension: parts divided by dots. */
export function idField(fields: Fields, name: string): string {
  const id = fields.text(name, 128);
  if (!idPattern.test(id))
    fields.fail(
      name,
      'bad-id',
      'must be lower case letters, digits and inner hyphens, in parts divided by dots',
    );
  return id;
}

/** A semantic version, in its canonical spelling. */
export function versionField(fields: Fields, name: string): string {
  const version = fields.text(name, 64);
  if (semver.valid(version) !== version)
    fields.fail(name, 'bad-version', 'must be a semantic version such as 1.0.0');
  return version;
}

/** A path of a file in the package. */
export function pathField(fields: Fields, name: string, path: string): string {
  const fault = pathFault(path);
  if (fault !== undefined) fields.fail(name, 'bad-path', fault);
  return path;
}

function textItem(value: unknown, pointer: string): string {
  if (typeof value !== 'string') throw new ManifestFault('wrong-type', pointer, 'must be a text');
  if (value.length > 128) throw new ManifestFault('too-long', pointer, 'has more than 128 characters');
  return value;
}

/** Capabilities by fine or coarse names, as fine ones. */
export function capabilityList(fields: Fields, name: string): Capability[] {
  const found = new Set<Capability>();
  fields.list(name, 64, (value, pointer) => {
    const text = textItem(value, pointer);
    const fine = capabilitiesOf(text);
    if (fine.length === 0)
      throw new ManifestFault(
        'unknown-capability',
        pointer,
        `no capability is called ${JSON.stringify(text)}`,
      );
    if (fine.every((each) => found.has(each)))
      throw new ManifestFault('duplicate', pointer, `${text} is asked for twice`);
    for (const each of fine) found.add(each);
  });
  return [...found];
}

/** Types of assets, each once; `families` are names that stand for a type. */
export function assetTypes(
  fields: Fields,
  name: string,
  families: Readonly<Record<string, string>> = {},
): string[] {
  const found = new Set<string>();
  fields.list(name, 256, (value, pointer) => {
    const text = assetType(textItem(value, pointer), pointer, families);
    if (found.has(text)) throw new ManifestFault('duplicate', pointer, `${text} is provided twice`);
    found.add(text);
  });
  return [...found];
}

function assetType(text: string, pointer: string, families: Readonly<Record<string, string>>): string {
  const type = Object.hasOwn(families, text) ? (families[text] ?? text) : text;
  if (assetTypePattern.test(type)) return type;
  throw new ManifestFault(
    'bad-asset-type',
    pointer,
    `${JSON.stringify(text.slice(0, 64))} is not a type of assets`,
  );
}

/** Handlers, each of a type that is provided. */
export function handlerList(
  fields: Fields,
  provided: readonly string[],
): { type: string; handler: string }[] {
  const found = new Set<string>();
  return fields.list('handlers', 256, (value, pointer) => {
    const item = new Fields(value, pointer);
    const type = assetType(item.text('type', 128), item.at('type'), {});
    const handler = item.text('handler', 128);
    item.done();
    if (!provided.includes(type)) item.fail('type', 'not-provided', `${type} is not among provided_types`);
    if (found.has(type)) item.fail('type', 'duplicate', `${type} has two handlers`);
    found.add(type);
    return { type, handler };
  });
}

/** Checks dependencies: ids, ranges, none twice, none on itself. */
export function checkDependencies(
  id: string,
  found: readonly (Dependency & { readonly pointer: string })[],
): Dependency[] {
  const seen = new Set<string>();
  return found.map(({ pointer, ...dependency }) => {
    if (!idPattern.test(dependency.id))
      throw new ManifestFault(
        'bad-id',
        pointer,
        `${JSON.stringify(dependency.id.slice(0, 64))} is not an id`,
      );
    if (dependency.id === id)
      throw new ManifestFault('self-dependency', pointer, 'an extension cannot need itself');
    if (seen.has(dependency.id))
      throw new ManifestFault('duplicate', pointer, `${dependency.id} is named twice`);
    if (dependency.range.length > 128 || semver.validRange(dependency.range) === null) {
      throw new ManifestFault(
        'bad-range',
        pointer,
        `${JSON.stringify(dependency.range.slice(0, 64))} is not a range of versions`,
      );
    }
    seen.add(dependency.id);
    return dependency;
  });
}

/** Amounts in the units of the nested form: percent, mebibytes, gibibytes, megabits per second. */
function amounts(fields: Fields | undefined): ResourceAmounts {
  if (fields === undefined) return {};
  const cpu = fields.number('cpu_percent', { min: 0.01, max: 6_400 });
  const memory = fields.number('memory_mb', { min: 1, max: 4_194_304 });
  const storage = fields.number('storage_gb', { min: 0, max: 1_048_576 });
  const network = fields.number('network_mbps', { min: 0, max: 1_000_000 });
  fields.done();
  return {
    ...(cpu === undefined ? {} : { cpuBp: Math.round(cpu * 100) }),
    ...(memory === undefined ? {} : { memoryBytes: Math.floor(memory * 2 ** 20) }),
    ...(storage === undefined ? {} : { storageBytes: Math.floor(storage * 2 ** 30) }),
    ...(network === undefined ? {} : { networkBps: Math.floor(network * 1e6) }),
  };
}

/** Limits and requests; a request cannot be above its limit. */
export function resources(fields: Fields | undefined): Manifest['resources'] {
  if (fields === undefined) return { limits: {}, requests: {} };
  const limits = amounts(fields.optionalObject('limits'));
  const requests = amounts(fields.optionalObject('requests'));
  fields.done();
  for (const [key, name] of [
    ['cpuBp', 'cpu_percent'],
    ['memoryBytes', 'memory_mb'],
    ['storageBytes', 'storage_gb'],
    ['networkBps', 'network_mbps'],
  ] as const) {
    const limit = limits[key];
    if (limit !== undefined && (requests[key] ?? 0) > limit) {
      throw new ManifestFault(
        'request-above-limit',
        `${fields.at('requests')}/${name}`,
        `asks for more than its own limit`,
      );
    }
  }
  return { limits, requests };
}

/** What runs, and where it begins. */
export function runtime(fields: Fields): Manifest['runtime'] {
  const type = fields.text('type', 32);
  if (type !== 'native' && type !== 'wasm')
    fields.fail('type', 'unsupported-runtime', `${type} is neither native nor wasm`);
  const entryPoint = pathField(fields, 'entry_point', fields.text('entry_point', 255));
  const version = fields.optionalText('api_version', 16);
  if (version !== undefined && version !== '1.0')
    fields.fail('api_version', 'unsupported-api', `this host speaks 1.0, not ${version}`);
  fields.done();
  return { type, entryPoint };
}

/** Who signs, how, and in which sandbox it runs. */
export function security(fields: Fields): Manifest['security'] {
  const certificateFingerprint = fingerprintField(fields);
  const signatureAlgorithm = fields.optionalText('signature_algorithm', 64) ?? 'FALCON-1024';
  if (!algorithms.has(signatureAlgorithm)) {
    fields.fail(
      'signature_algorithm',
      'unsupported-algorithm',
      `${signatureAlgorithm} is not ${[...algorithms].join(' or ')}`,
    );
  }
  const sandboxPolicy = fields.optionalText('sandbox_policy', 32) ?? 'strict';
  if (sandboxPolicy !== 'strict' && sandboxPolicy !== 'trusted') {
    fields.fail(
      'sandbox_policy',
      'unsupported-sandbox-policy',
      `${sandboxPolicy} is not there: this host has strict and trusted`,
    );
  }
  const networkPolicy = fields.optionalText('network_policy', 32) ?? 'restricted';
  if (networkPolicy !== 'restricted' && networkPolicy !== 'none') {
    fields.fail(
      'network_policy',
      'unsupported-network-policy',
      `${networkPolicy} is neither restricted nor none`,
    );
  }
  fields.done();
  return { certificateFingerprint, signatureAlgorithm, sandboxPolicy, networkPolicy };
}

/** The fingerprint of a certificate; only compared. */
export function fingerprintField(fields: Fields): string {
  const fingerprint = fields.text('certificate_fingerprint', 160);
  if (!fingerprintPattern.test(fingerprint))
    fields.fail(
      'certificate_fingerprint',
      'bad-fingerprint',
      'must be SHA256: and the fingerprint of a certificate',
    );
  return fingerprint;
}
