import { badArgument } from '../arguments.ts';

/** One package that a lock holds fast. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** Of the package record: CID (dag-cbor, sha2-256). */
  readonly digest: string;
  /** Of the content: CID (dag-cbor, blake3-256). */
  readonly root: string;
  readonly bytes: number;
  /** Who signed it, as ids. */
  readonly signers: readonly string[];
  /** Version by name, of the packages that it uses. */
  readonly dependencies: Readonly<Record<string, string>>;
}

/** What was asked for, and exactly what it came to. One version of each name. */
export interface Lock {
  readonly requirements: Readonly<Record<string, string>>;
  readonly packages: readonly LockedPackage[];
}

/** Order of names in everything written. */
function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Entries in the order of their keys. */
export function sortedEntries<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map).sort(([a], [b]) => byText(a, b));
}

/** Plain where YAML reads it as the same text, quoted otherwise. */
function scalar(text: string): string {
  const isPlain =
    /^[a-z][a-z0-9._/@+-]*$/i.test(text) && !/^(?:true|false|null|y|n|yes|no|on|off)$/i.test(text);
  return isPlain ? text : JSON.stringify(text);
}

function mapLines(key: string, map: Readonly<Record<string, string>>, indent: string): string[] {
  const entries = sortedEntries(map);
  if (entries.length === 0) return [`${indent}${key}: {}`];
  return [
    `${indent}${key}:`,
    ...entries.map(([name, value]) => `${indent}  ${scalar(name)}: ${scalar(value)}`),
  ];
}

/**
 * The text of a `catalog.lock`: YAML in one fixed order, a line for each fact, so that two locks differ in the lines
 * in which what they hold differs. `parseLock` gives the same lock back.
 */
export function writeLock(lock: Lock): string {
  const packages = [...lock.packages].sort((a, b) => byText(a.name, b.name));
  for (const [index, { name }] of packages.entries()) {
    if (packages[index + 1]?.name === name) throw badArgument('lock', `one version of ${name}`);
  }
  const lines = ['# Written by hypermesh. Keep it with your sources.', 'lockVersion: 1'];
  lines.push(...mapLines('requirements', lock.requirements, ''));
  lines.push(packages.length === 0 ? 'packages: {}' : 'packages:');
  for (const { name, version, digest, root, bytes, signers, dependencies } of packages) {
    lines.push(
      `  ${scalar(`${name}@${version}`)}:`,
      `    digest: ${digest}`,
      `    root: ${root}`,
      `    bytes: ${bytes}`,
    );
    const sorted = [...signers].sort(byText);
    lines.push(sorted.length === 0 ? '    signers: []' : '    signers:');
    lines.push(...sorted.map((signer) => `      - ${scalar(signer)}`));
    if (Object.keys(dependencies).length > 0) lines.push(...mapLines('dependencies', dependencies, '    '));
  }
  return `${lines.join('\n')}\n`;
}

/** Version by name: what a solver is to keep. */
export function lockedVersions(lock: Lock): Readonly<Record<string, string>> {
  return Object.fromEntries(lock.packages.map(({ name, version }) => [name, version]));
}

/** One difference between two locks. Plain data. */
export interface LockChange {
  readonly kind: 'requirement' | 'added' | 'removed' | 'version' | 'content' | 'signers' | 'dependencies';
  readonly name: string;
  /** For a person. */
  readonly message: string;
}

/** How `wanted` differs from `held`, in the order of names. Empty: an install with `--frozen` may go on. */
export function compareLocks(held: Lock, wanted: Lock): readonly LockChange[] {
  const changes: LockChange[] = [];
  for (const name of namesOf(Object.keys(held.requirements), Object.keys(wanted.requirements))) {
    const before = Object.hasOwn(held.requirements, name) ? held.requirements[name] : undefined;
    const after = Object.hasOwn(wanted.requirements, name) ? wanted.requirements[name] : undefined;
    if (before === after) continue;
    const message =
      before === undefined
        ? `${name} ${after} is asked for, the lock does not know it`
        : after === undefined
          ? `${name} ${before} is in the lock and no longer asked for`
          : `${name} is asked for as ${after}, the lock says ${before}`;
    changes.push({ kind: 'requirement', name, message });
  }
  const before = new Map(held.packages.map((one) => [one.name, one]));
  const after = new Map(wanted.packages.map((one) => [one.name, one]));
  for (const name of namesOf([...before.keys()], [...after.keys()])) {
    const change = packageChange(name, before.get(name), after.get(name));
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

function namesOf(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])].sort(byText);
}

function packageChange(
  name: string,
  before: LockedPackage | undefined,
  after: LockedPackage | undefined,
): LockChange | undefined {
  if (before === undefined)
    return { kind: 'added', name, message: `${name} ${after?.version ?? ''} would be added` };
  if (after === undefined)
    return { kind: 'removed', name, message: `${name} ${before.version} would be removed` };
  if (before.version !== after.version) {
    return { kind: 'version', name, message: `${name} would go from ${before.version} to ${after.version}` };
  }
  if (before.digest !== after.digest || before.root !== after.root || before.bytes !== after.bytes) {
    return {
      kind: 'content',
      name,
      message: `${name} ${before.version} is not the package that the lock holds`,
    };
  }
  if (
    namesOf(before.signers, after.signers).length !== before.signers.length ||
    before.signers.length !== after.signers.length
  ) {
    return {
      kind: 'signers',
      name,
      message: `${name} ${before.version} is signed by others than the lock says`,
    };
  }
  const isSame =
    JSON.stringify(sortedEntries(before.dependencies)) === JSON.stringify(sortedEntries(after.dependencies));
  return isSame
    ? undefined
    : {
        kind: 'dependencies',
        name,
        message: `${name} ${before.version} would get other versions of what it uses`,
      };
}
