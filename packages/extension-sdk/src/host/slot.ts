import type { RateLimiter } from '../broker/rate.ts';
import { ExtensionError } from '../errors.ts';
import type { Instance } from './instance.ts';
import { type LifecycleEvent, type LifecycleState, transition } from './lifecycle.ts';
import type { ExtensionEvent, ExtensionInfo } from './ports.ts';
import { Gate } from './queue.ts';
import type { Tally } from './tally.ts';

/** The place of one extension in a host: its state, and the generation that serves. */
export class Slot {
  readonly id: string;
  readonly gate = new Gate();
  /** Aborted when the extension is unloaded. */
  readonly life = new AbortController();
  readonly #audit: Tally;
  readonly #tell: (event: ExtensionEvent) => void;
  state: LifecycleState = 'discovered';
  reason: string | undefined;
  current: Instance | undefined;
  generation = 0;
  done = 0;
  failed = 0;
  loadMs = 0;
  /** What the last waking took. */
  wakeMs: number | undefined;
  /** Not in memory until somebody calls. */
  isResting = false;
  /** When the last call ended, by the monotonic clock. */
  usedMs = 0;
  /** Made with the first call. */
  limiter: RateLimiter | undefined;

  constructor(id: string, audit: Tally, tell: (event: ExtensionEvent) => void) {
    this.id = id;
    this.#audit = audit;
    this.#tell = tell;
  }

  /**
   * Moves by one event: one record, one event to listeners. Throws `extension/bad-transition` where it has no place.
   * `remains` is why it stands where it stands then, where that is not the reason of the event.
   */
  move(event: LifecycleEvent, reason?: string, remains = reason): void {
    const { state: from, id } = this;
    const next = transition(from, event);
    if (!next.ok) throw new ExtensionError({ code: 'extension/bad-transition', extension: id, from, event });
    this.state = next.state;
    this.reason = remains;
    const why = reason === undefined ? {} : { reason };
    this.#audit.append({
      event: `lifecycle.${event}`,
      extension: id,
      detail: { from, to: next.state, ...why },
    });
    this.#tell({ extension: id, event, from, to: next.state, ...why });
  }

  /** Aborts what runs and what waits. */
  end(): void {
    const detail = 'the extension is unloaded';
    this.life.abort(
      new ExtensionError({ code: 'extension/ended', extension: this.id, reason: 'unloaded', detail }),
    );
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
    const { capabilities, operations } = manifest;
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
      asked: capabilities,
      granted: broker.granted,
      methods: [...description.ops.keys()],
      operations: [...description.ops].map(([name, { needs, proof }]) => ({
        name,
        needs: [...needs],
        proof,
        ...operations[name],
      })),
      assetTypes: [...description.assets.keys()],
      dependencies: manifest.dependencies.map(({ id, range }) => `${id} ${range}`),
      quotas: quotas.report(manifest.security.sandboxPolicy, {
        running: this.gate.inside,
        memoryBytes: this.isResting ? 0 : guest.memoryBytes,
        calls: this.limiter?.used('') ?? 0,
        uncharged: broker.uncharged,
      }),
      calls: { running: this.gate.inside, done: this.done, failed: this.failed },
      denials: this.#audit.of(this.id),
      isResting: this.isResting,
      canRest: guest.rest !== undefined,
      loadMs: this.loadMs,
      ...(this.wakeMs === undefined ? {} : { wakeMs: this.wakeMs }),
    };
  }
}
