import type { Log } from '@hypermesh/core';
import { type Capability, capabilitiesOf } from '@hypermesh/extension-sdk/manifest';
import { readIfPresent, renameDurably, writeDurably } from '../data-directory.ts';

/** A signer whose extensions the operator lets in. */
export interface Pin {
  readonly signer: string;
  /** Also into this node's own process, where nothing holds them. */
  readonly trusted: boolean;
  readonly atMs: number;
}

/** What the operator decided about one extension that was loaded. */
export interface Decision {
  readonly id: string;
  readonly version: string;
  readonly signer: string;
  /** Folder among the packages: id and digest. */
  readonly package: string;
  /** Folder that it was loaded from, for loading it again. */
  readonly from: string;
  readonly active: boolean;
  readonly grants: readonly Capability[];
}

/** What the operator changed about one extension that comes with the node. */
export interface BundledDecision {
  readonly id: string;
  readonly active: boolean;
  readonly revoked: readonly Capability[];
}

interface Content {
  readonly v: 1;
  readonly pins: readonly Pin[];
  readonly loaded: readonly Decision[];
  readonly bundled: readonly BundledDecision[];
  /** What was unloaded, and whose store may be there still. */
  readonly forgetting?: readonly string[];
}

/**
 * What an operator decided about extensions, in one file: it is replaced whole, so that after a crash at any moment a
 * decision was made or was not. What is in memory is what is on disk, except inside of `attempt`.
 */
export class Decisions {
  readonly #path: string;
  readonly pins = new Map<string, Pin>();
  readonly loaded = new Map<string, Decision>();
  readonly bundled = new Map<string, BundledDecision>();
  /** Ids of what was unloaded, until nothing is left of what they stored: whoever has the id next must not find it. */
  readonly forgetting = new Set<string>();
  /** The file could not be read: what is there belongs to decisions that nobody knows. */
  readonly isDamaged: boolean;

  constructor(path: string, log: Log) {
    this.#path = path;
    const bytes = readIfPresent(path);
    const content = bytes === undefined ? { ok: true as const } : read(bytes.toString('utf8'));
    this.isDamaged = !content.ok;
    if (!content.ok) {
      // Kept for whoever wants to know; what it said is asked of the operator again.
      renameDurably(path, `${path}.damaged`);
      log.error('extension.decisions-damaged', { file: `${path}.damaged`, reason: content.reason });
      return;
    }
    if (!('content' in content)) return;
    for (const pin of content.content.pins) this.pins.set(pin.signer, pin);
    for (const each of content.content.loaded) this.loaded.set(each.id, each);
    for (const each of content.content.bundled) this.bundled.set(each.id, each);
    for (const each of content.content.forgetting ?? []) this.forgetting.add(each);
  }

  /** Durable when it returns. Throws where the disk cannot take it; what is on disk is then as it was. */
  save(): void {
    const content: Content = {
      v: 1,
      pins: [...this.pins.values()],
      loaded: [...this.loaded.values()],
      bundled: [...this.bundled.values()],
      forgetting: [...this.forgetting],
    };
    writeDurably(this.#path, `${JSON.stringify(content, undefined, 2)}\n`);
  }

  /** Changes and saves; where `change` or the disk fails, everything in memory is as it was before. */
  async attempt<T>(change: () => T | Promise<T>): Promise<T> {
    const before = [new Map(this.pins), new Map(this.loaded), new Map(this.bundled)] as const;
    const forgetting = [...this.forgetting];
    try {
      const result = await change();
      this.save();
      return result;
    } catch (error) {
      restore(this.pins, before[0]);
      restore(this.loaded, before[1]);
      restore(this.bundled, before[2]);
      this.forgetting.clear();
      for (const id of forgetting) this.forgetting.add(id);
      throw error;
    }
  }
}

function restore<T>(map: Map<string, T>, before: ReadonlyMap<string, T>): void {
  map.clear();
  for (const [key, value] of before) map.set(key, value);
}

function read(text: string): { ok: true; content: Content } | { ok: false; reason: string } {
  try {
    const value = JSON.parse(text) as Content;
    if (value.v !== 1) return { ok: false, reason: 'of another version' };
    const lists: unknown[] = [value.pins, value.loaded, value.bundled];
    if (!lists.every(Array.isArray)) return { ok: false, reason: 'without its lists' };
    const { forgetting = [] } = value;
    const isWhole =
      Array.isArray(forgetting) &&
      forgetting.every((id) => typeof id === 'string' && extensionId.test(id)) &&
      value.pins.every(({ signer, trusted }) => isText(signer) && typeof trusted === 'boolean') &&
      value.loaded.every(
        (each) =>
          [each.id, each.version, each.signer, each.from].every(isText) &&
          packageName.test(each.package) &&
          typeof each.active === 'boolean' &&
          each.grants.every(isCapability),
      ) &&
      value.bundled.every(
        ({ id, active, revoked }) => isText(id) && typeof active === 'boolean' && revoked.every(isCapability),
      );
    return isWhole ? { ok: true, content: value } : { ok: false, reason: 'an entry is not whole' };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : 'not JSON' };
  }
}

/** Never a path: an id and a digest. */
const packageName = /^[a-z0-9][a-z0-9.-]{0,127}@[0-9a-f]{32}$/;
/** Never a path, either. */
const extensionId = /^[a-z0-9][a-z0-9.-]{0,127}$/;
const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0;
const isCapability = (value: unknown): boolean =>
  typeof value === 'string' && capabilitiesOf(value)[0] === value;
