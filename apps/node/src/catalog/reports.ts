import type { InstallResult, PublishResult } from '@hypermesh/catalog';
import type { NodeId } from '@hypermesh/core';
import type { Proven } from './service.ts';

/** Who put a signature under a package, and how: SHA-256 of the public key, hex. */
export interface SignerReport {
  readonly suite: string;
  readonly key: string;
}

/** What publishing answers over the control socket. */
export interface PublishReport {
  readonly name: string;
  readonly version: string;
  /** CID of the package record. */
  readonly digest: string;
  /** Content roots of the record and of the files. */
  readonly document: string;
  readonly content: string;
  readonly bytes: number;
  readonly files: number;
  readonly signers: readonly SignerReport[];
  readonly logIndex: number;
  readonly sequence: number;
  readonly finalized: boolean;
  /** Names of the members that hold it beside this one. */
  readonly holders: readonly string[];
  readonly copies: number;
  readonly already: boolean;
  readonly operation: string;
  readonly height: number;
  readonly provingMs: number;
  readonly finalityMs: number;
}

/** One package of an installation. */
export interface InstalledReport {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly bytes: number;
  readonly bytesMoved: number;
  readonly bytesReused: number;
  readonly signers: readonly SignerReport[];
  readonly publisher: string;
  readonly assets: readonly string[];
  readonly already: boolean;
}

/** What installing answers over the control socket: the package that was asked for first, and all of them. */
export interface InstallReport extends InstalledReport {
  readonly packages: readonly InstalledReport[];
  readonly rejectedChunks: number;
  /** Who the bytes came from, by name, how many, and how. */
  readonly peers: readonly { readonly node: string; readonly bytes: number; readonly over: string }[];
  readonly lock: string;
  /** The operation that ordered it, and its block; null where all was installed before. */
  readonly operation: string | null;
  readonly height: number | null;
  readonly provingMs: number;
}

/** What installing would do. */
export interface InstallPlanReport {
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly bytes: number;
    /** Installed on this node. */
    readonly already: boolean;
    /** Its bytes are whole on this node. */
    readonly here: boolean;
  }[];
  readonly bytes: number;
  /** Bytes of packages that are not whole here: chunks of other versions may be used again. */
  readonly mostBytesMoved: number;
  /** Text of the lock file that it would keep. */
  readonly lock: string;
  /** What would change in the lock file that was given, in words. */
  readonly changes: readonly string[];
}

/** The publication as a person and a program read it. */
export function reportPublish(
  { record, holders, finalityMs, key: _, ...result }: PublishResult & Proven,
  nameOf: (node: NodeId) => string,
): PublishReport {
  return {
    ...result,
    document: record,
    holders: holders.map(nameOf),
    finalityMs: Math.round(finalityMs),
  };
}

/** The installation as a person and a program read it. */
export function reportInstall(result: InstallResult & Proven): InstallReport {
  const { moved, reused, bytes, rejectedChunks, peers, lock, ordered, provingMs } = result;
  const packages = result.packages.map((each): InstalledReport => {
    const { name, version, digest, signers, publisher, assets } = each.package;
    return {
      name,
      version,
      digest,
      bytes: each.package.bytes,
      bytesMoved: each.moved,
      bytesReused: each.reused,
      signers,
      publisher,
      assets,
      already: each.already,
    };
  });
  const first = packages.find((_, at) => result.packages[at]?.package.requested !== undefined) ?? packages[0];
  if (first === undefined) throw new TypeError('an installation has at least one package');
  return {
    ...first,
    bytes,
    bytesMoved: moved,
    bytesReused: reused,
    packages,
    rejectedChunks,
    peers,
    lock,
    operation: ordered?.operation ?? null,
    height: ordered?.height ?? null,
    provingMs,
  };
}
