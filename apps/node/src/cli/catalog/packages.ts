import type { InstalledPackage, PackageInfo, PackageType, SearchHit, VerifyReport } from '@hypermesh/catalog';
import { formatBytes } from '../bytes.ts';
import { type Command, dataFlag, type Positional } from '../command.ts';
import { callNode } from '../control.ts';

/** `PACKAGE_TYPES` of the catalog, which help and completion do not load. */
const packageTypes = [
  'library.julia',
  'library.python',
  'library.rust',
  'library.javascript',
  'container.docker',
  'vm.wasm',
  'dataset.scientific',
] as const satisfies readonly PackageType[];

const which: Positional = {
  name: 'NAME[@RANGE]',
  describe: 'which package',
  required: true,
  accepts: { from: 'packages' },
};
const whichInstalled: Positional = { ...which, accepts: { from: 'installed' } };

export const searchCommand: Command = {
  name: 'search',
  summary: 'find packages by words of their names, tags and descriptions',
  details:
    'Shows packages whose record, signatures and log proof hold; --unverified shows the others too. What is forged never shows.',
  positionals: [
    { name: 'TEXT', describe: 'words, all of which must fit; all packages without', required: false },
  ],
  flags: [
    dataFlag,
    {
      name: 'type',
      value: 'TYPE',
      describe: 'only packages of this type, such as vm.wasm',
      accepts: { oneOf: packageTypes },
    },
    { name: 'unverified', describe: 'do not verify, show all that the ledger has' },
  ],
  async run(invocation) {
    const { flags, positionals, output } = invocation;
    const query = { text: positionals[0], type: flags['type'], verifiedOnly: flags['unverified'] !== true };
    const result = await callNode<{ packages: readonly SearchHit[] }>(invocation, 'search', query);
    for (const { key, type, bytes, description } of result.packages) {
      output.line(`${key}  ${type}, ${formatBytes(bytes)}${description === '' ? '' : `: ${description}`}`);
    }
    if (result.packages.length === 0) output.line('Nothing fits.');
    return result;
  },
};

export const infoCommand: Command = {
  name: 'info',
  summary: 'show one package: versions, signers, files, and what it asks of a node',
  positionals: [which],
  flags: [dataFlag],
  async run(invocation) {
    const { output, positionals } = invocation;
    const result = await callNode<PackageInfo>(invocation, 'info', { spec: positionals[0] });
    const { release, record, signers, versions, installed, refused } = result;
    output.line(`${release.key}  ${record.type}, ${formatBytes(record.bytes)}, ${record.files.length} files`);
    if (record.description !== '') output.line(`  ${record.description}`);
    output.line(`  digest     ${release.record.digest}`);
    output.line(`  publisher  ${release.publisher}, its record ${release.record.sequence}`);
    output.line(`  signers    ${signers.map(({ suite }) => suite).join(' and ')}`);
    output.line(
      `  versions   ${versions.join(', ')}${installed === undefined ? '' : '; this one is installed'}`,
    );
    for (const { key, check, reason } of refused) output.line(`  not believed: ${key} (${check}: ${reason})`);
    return result;
  },
};

export const versionsCommand: Command = {
  name: 'versions',
  summary: 'show the versions of a package that the ledger has, oldest first',
  positionals: [{ name: 'NAME', describe: 'which package', required: true, accepts: { from: 'packages' } }],
  flags: [dataFlag],
  async run(invocation) {
    const { positionals, output } = invocation;
    const name = positionals[0];
    const result = await callNode<{ versions: readonly string[] }>(invocation, 'versions', { name });
    for (const version of result.versions) output.line(version);
    if (result.versions.length === 0) output.line(`The ledger has no package ${name}.`);
    return result;
  },
};

export const removeCommand: Command = {
  name: 'remove',
  summary: 'take an installed package off this node: its files go, its record on the ledger stays',
  positionals: [whichInstalled],
  flags: [dataFlag],
  async run(invocation) {
    const { positionals, output } = invocation;
    const removed = await callNode<InstalledPackage>(invocation, 'remove', { spec: positionals[0] });
    output.line(`Removed ${removed.name}@${removed.version} (${formatBytes(removed.bytes)})`);
    return { removed };
  },
};

export const listCommand: Command = {
  name: 'list',
  summary: 'show what is installed on this node',
  positionals: [],
  flags: [dataFlag],
  async run(invocation) {
    const result = await callNode<{ packages: readonly InstalledPackage[] }>(invocation, 'list', {});
    for (const { name, version, type, bytes, requested } of result.packages) {
      const how = requested === undefined ? 'a dependency' : `asked for as ${requested}`;
      invocation.output.line(`${name}@${version}  ${type}, ${formatBytes(bytes)}, ${how}`);
    }
    if (result.packages.length === 0) invocation.output.line('Nothing is installed.');
    return result;
  },
};

export const whyCommand: Command = {
  name: 'why',
  summary: 'show why a package is installed',
  positionals: [whichInstalled],
  flags: [dataFlag],
  async run(invocation) {
    const { positionals, output } = invocation;
    const result = await callNode<{ paths: readonly (readonly string[])[] }>(invocation, 'why', {
      spec: positionals[0],
    });
    for (const path of result.paths) output.line(path.join(' → '));
    if (result.paths.length === 0) output.line('Nothing that was asked for needs it any more.');
    return result;
  },
};

export const verifyCommand: Command = {
  name: 'verify',
  summary: 'check a package again, from its record on the ledger down to its bytes',
  details:
    'Exit code 1 where a check fails. --deep hashes every byte of the content and of the unpacked files.',
  positionals: [which],
  flags: [dataFlag, { name: 'deep', describe: 'hash every byte' }],
  async run(invocation) {
    const { flags, positionals, output } = invocation;
    const params = { spec: positionals[0], deep: flags['deep'] };
    const result = await callNode<VerifyReport>(invocation, 'verify', params);
    output.line(
      `${result.key}: ${result.ok ? 'every check holds' : 'NOT as it should be'}`,
      result.ok ? 'good' : 'bad',
    );
    for (const { check, ok, detail } of result.checks)
      output.line(`  ${ok ? 'ok    ' : 'FAILED'} ${check}: ${detail}`, ok ? undefined : 'bad');
    return result;
  },
};
