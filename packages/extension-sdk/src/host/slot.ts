import type { AuditLog } from '../audit/entry.ts';
import { ExtensionError } from '../errors.ts';
import type { Instance } from './instance.ts';
import { type LifecycleEvent, type LifecycleState, transition } from './lifecycle.ts';
import type { ExtensionEvent, ExtensionInfo } from './ports.ts';
import { Gate } from './queue.ts';

/** The place of one extension in a host: its state, and the generation that serves. */
export class Slot {
  readonly id: string;
  readonly gate = new Gate();
  /** Aborted when the extension is unloaded. */
  readonly life = new AbortController();
  readonly #audit: AuditLog;
  readonly #tell: (event: ExtensionEvent) => void;
  state: LifecycleState = 'discovered';
  reason: string | undefined;
  current: Instance | undefined;
  generation = 0;
  done = 0;
  failed = 0;
  loadMs = 0;

  constructor(id: string, audit: AuditLog, tell: (event: ExtensionEvent) => void) {
    this.id = id;
    this.#audit = audit;
    this.#tell = tell;
  }

  /** Moves by one event: one record, one event to listeners. Throws `extension/bad-transition` where it has no place. */
  move(event: LifecycleEvent, reason?: string): void {
    const { state: from, id } = this;
    const next = transition(from, event);
    if (!next.ok) throw new ExtensionError({ code: 'extension/bad-transition', extension: id, from, event });
    this.state = next.state;
    this.reason = reason;
    const why = reason === undefined ? {} : { reason };
    this.#audit.append({
      event: `lifecycle.${event}`,
      extension: id,
      detail: { from, to: next.state, ...why },
    });
    this.#tell({ extension: id, event, from, to: next.state, ...why });
  }

  /** The generation that serves; throws where there is none. */
  serving(): Instance {
    if (this.current === undefined)
      throw new ExtensionError({ code: 'extension/not-found', extension: this.id });
    return this.current;
  }

  info(): ExtensionInfo {
    const { verified, guest, broker, quotas, engine } = this.serving();
    const { manifest, signer } = verified;
    const { description } = guest;
    return {
      id: this.id,
      name: manifest.name,
      version: manifest.version,
      state: this.state,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      tier: manifest.security.sandboxPolicy,
      engine,
      generation: this.generation,
      signer,
      granted: broker.granted,
      methods: [...description.ops.keys()],
      assetTypes: [...description.assets.keys()],
      dependencies: manifest.dependencies.map(({ id, range }) => `${id} ${range}`),
      quotas: quotas.report(manifest.security.sandboxPolicy, this.gate.inside, broker.uncharged),
      calls: { running: this.gate.inside, done: this.done, failed: this.failed },
      loadMs: this.loadMs,
    };
  }
}
