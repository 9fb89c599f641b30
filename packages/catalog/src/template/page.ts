import type { AssetPackage } from '../document/package.ts';
import type { PackageRecord } from '../document/record.ts';
import { requirementsOf } from '../document/requirements.ts';

/** The page of a package in Markdown: what it is, what it asks for, what it needs, what is in it. */
export function describePackage(source: AssetPackage | PackageRecord): string {
  const isRecord = 'format' in source;
  const { name, version, tags, license, authors, homepage } = isRecord ? source : source.metadata;
  const { description, type, dependencies } = isRecord ? source : source.spec;
  const entrypoint = isRecord ? source.entrypoint : source.spec.content?.entrypoint;
  const { cpu, memory, storage, network, gpu, nodes } = requirementsOf(source);
  const rows: [string, string][] = [
    ['type', type],
    ...(entrypoint === undefined ? [] : [['starts with', entrypoint] as [string, string]]),
    ['CPU', `${cpu.millicores / 1000} cores${cpu.architecture === undefined ? '' : `, ${cpu.architecture}`}`],
    ['memory', bytesAsText(memory.bytes)],
    ['storage', `${bytesAsText(storage.bytes)}${storage.persistent ? ', kept' : ''}`],
    ...(network === undefined
      ? []
      : [['network', `${network.bitsPerSecond / 1e6} Mbit/s`] as [string, string]]),
    ...(gpu === undefined
      ? []
      : [['GPU', `${gpu.type ?? 'any'}, ${bytesAsText(gpu.memoryBytes)}`] as [string, string]]),
    ['nodes', nodes.min === nodes.max ? String(nodes.min) : `${nodes.min} to ${nodes.max}`],
    ...(license === undefined ? [] : [['licence', license] as [string, string]]),
    ...(authors.length === 0 ? [] : [['authors', authors.join(', ')] as [string, string]]),
    ...(homepage === undefined ? [] : [['homepage', homepage] as [string, string]]),
    ...(tags.length === 0 ? [] : [['tags', tags.join(', ')] as [string, string]]),
  ];
  const lines = [`# ${plain(name)} ${plain(version)}`, ''];
  if (description !== '') lines.push(plain(description), '');
  lines.push('| | |', '|---|---|', ...rows.map(([key, value]) => `| ${key} | ${plain(value)} |`), '');
  if (dependencies.length > 0) {
    lines.push('## Needs', '');
    for (const { name: on, range, kind, optional } of dependencies) {
      lines.push(
        `- ${plain(on)} ${plain(range)}${kind === 'runtime' ? '' : ` (${kind})`}${optional ? ', optional' : ''}`,
      );
    }
    lines.push('');
  }
  if (isRecord) {
    lines.push('## Files', '', `${source.files.length} files, ${bytesAsText(source.bytes)}`, '');
    for (const { path, size } of source.files.slice(0, 200))
      lines.push(`- ${plain(path)} (${bytesAsText(size)})`);
    if (source.files.length > 200) lines.push(`- and ${source.files.length - 200} more`);
    lines.push('');
  }
  return lines.join('\n');
}

function bytesAsText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Math.round(value * 10) / 10} ${units[unit]}`;
}

/** Text of others, so that it stays text in Markdown and in the HTML that is made of it. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|#]/g, (character) => `\\${character}`)
    .replaceAll('\\<', '&lt;')
    .replaceAll('\\>', '&gt;')
    .replaceAll('\\|', '&#124;');
}
