import { RateMeter } from './rate-meter.ts';

/** A chunk that is wanted. */
export interface WantedChunk {
  readonly index: number;
  readonly size: number;
}

/** Bytes that one provider is asked for ahead, and how they follow its rate. */
export interface WindowBounds {
  readonly leastBytes: number;
  readonly firstBytes: number;
  readonly mostBytes: number;
  /** A window holds what the provider is expected to send in so many milliseconds. */
  readonly windowMs: number;
}

const KIB = 1024;
const DEFAULT_WINDOW: WindowBounds = {
  leastBytes: 64 * KIB,
  firstBytes: 512 * KIB,
  mostBytes: 8 * 1024 * KIB,
  windowMs: 200,
};

/** A chunk is taken from a provider only where another would bring it in less than this part of the time. */
const STEAL_PART = 0.6;
/** A share of what nobody owes is taken in so many parts, each smaller than the one before. */
const SHARE_PARTS = 2;
/** Providers that are asked for the same chunk and have not gone silent. */
const MOST_COPIES = 2;
/** A provider that owes chunks and sent nothing for so long is counted on no more, while it may still send. */
const SILENT_MS = 1_000;

interface Provider {
  /** Chunks that it was asked for, in that order. */
  readonly owed: Map<number, WantedChunk>;
  readonly absent: Set<number>;
  readonly meter: RateMeter;
  owedBytes: number;
}

/**
 * Decides which chunk to ask of whom: those that few providers have first, else in order; as many bytes ahead as a provider's
 * measured rate is worth; and, once nothing is left to ask for, chunks that another provider owes and would bring much later. Pure: time
 * comes in, and the same calls give the same answers.
 */
export class ChunkScheduler {
  readonly #chunks: ReadonlyMap<number, WantedChunk>;
  readonly #bounds: WindowBounds;
  readonly #providers = new Map<string, Provider>();
  /** Chunks that nobody owes: those that came back first, then the rest, in order. */
  readonly #returned = new Set<number>();
  readonly #fresh: Set<number>;
  readonly #scarce = new Set<number>();
  /** Bytes of chunks that nobody owes. */
  #freeBytes: number;
  /** Chunks that have not come. */
  readonly #left: Set<number>;
  /** Who owes a chunk that has not come. */
  readonly #owers = new Map<number, Set<Provider>>();

  constructor(wanted: readonly WantedChunk[], bounds: Partial<WindowBounds> = {}) {
    this.#chunks = new Map(wanted.map((chunk) => [chunk.index, chunk]));
    this.#fresh = new Set(this.#chunks.keys());
    this.#left = new Set(this.#chunks.keys());
    this.#freeBytes = wanted.reduce((sum, { size }) => sum + size, 0);
    this.#bounds = { ...DEFAULT_WINDOW, ...bounds };
  }

  /** Whether every chunk has come. */
  get isDone(): boolean {
    return this.#left.size === 0;
  }

  join(id: string): void {
    const provider = { owed: new Map(), absent: new Set<number>(), meter: new RateMeter(), owedBytes: 0 };
    this.#providers.set(id, provider);
  }

  /** The provider is gone: what it owes goes to others. */
  leave(id: string): void {
    const provider = this.#providers.get(id);
    if (provider === undefined) return;
    this.#providers.delete(id);
    for (const index of provider.owed.keys()) this.#release(provider, index);
  }

  /** The provider says that it lacks a chunk and ends its stream: it owes nothing any more. */
  lacks(id: string, index: number): void {
    const provider = this.#providers.get(id);
    if (provider === undefined) return;
    provider.absent.add(index);
    this.#scarce.add(index);
    for (const owed of [...provider.owed.keys()]) {
      provider.owed.delete(owed);
      this.#release(provider, owed);
    }
    provider.owedBytes = 0;
  }

  /** Whether a provider may have any of what is left. */
  canHelp(id: string): boolean {
    const absent = this.#providers.get(id)?.absent;
    if (absent === undefined || absent.size === 0) return absent !== undefined;
    for (const index of this.#left) if (!absent.has(index)) return true;
    return false;
  }

  /** Indices to ask a provider for now, to be asked for in this order; none where it owes enough or nothing is left for it. */
  next(id: string, nowMs: number): readonly number[] {
    const provider = this.#providers.get(id);
    if (provider === undefined || this.isDone) return [];
    const window = this.#windowOf(provider);
    // Half a window at a time: a question for each chunk would cost a turn each.
    if (provider.owedBytes > window / 2) return [];
    const asked: number[] = [];
    for (const index of this.#unowed(provider)) {
      if (provider.owedBytes > 0 && provider.owedBytes + this.#sizeOf(index) > window) break;
      this.#owe(provider, index, nowMs);
      asked.push(index);
    }
    if (asked.length > 0 || provider.owedBytes > 0) return asked.sort((a, b) => a - b);
    const stolen = this.#steal(provider, nowMs);
    if (stolen !== undefined) this.#owe(provider, stolen, nowMs);
    return stolen === undefined ? [] : [stolen];
  }

  /** A chunk came, and is what it should be; false for one that another provider had brought before. */
  arrived(id: string, index: number, nowMs: number): boolean {
    const provider = this.#providers.get(id);
    const size = this.#sizeOf(index);
    if (provider?.owed.delete(index)) {
      provider.owedBytes -= size;
      provider.meter.count(size, nowMs);
      if (provider.owed.size === 0) provider.meter.rest(nowMs);
    }
    if (!this.#left.delete(index)) return false;
    this.#owers.delete(index);
    if (this.#returned.delete(index) || this.#fresh.delete(index)) this.#freeBytes -= size;
    this.#scarce.delete(index);
    return true;
  }

  #sizeOf(index: number): number {
    return this.#chunks.get(index)?.size ?? 0;
  }

  /** Never more than part of an equal share of what nobody owes: providers that come late, and slow ones, leave a short tail. */
  #windowOf({ meter, owedBytes }: Provider): number {
    const { leastBytes, firstBytes, mostBytes, windowMs } = this.#bounds;
    const paced = meter.rate === undefined ? firstBytes : meter.rate * windowMs;
    const share = owedBytes + this.#freeBytes / (SHARE_PARTS * this.#providers.size);
    return Math.max(leastBytes, Math.min(mostBytes, paced, share));
  }

  *#unowed(provider: Provider): Generator<number, void, undefined> {
    const isFree = (index: number) => this.#returned.has(index) || this.#fresh.has(index);
    for (const index of [...this.#scarce]
      .filter(isFree)
      .sort((a, b) => this.#holders(a) - this.#holders(b))) {
      if (!provider.absent.has(index)) yield index;
    }
    for (const index of this.#returned) if (!provider.absent.has(index)) yield index;
    for (const index of this.#fresh) if (!provider.absent.has(index)) yield index;
  }

  #holders(index: number): number {
    let holders = 0;
    for (const { absent } of this.#providers.values()) if (!absent.has(index)) holders += 1;
    return holders;
  }

  #owe(provider: Provider, index: number, nowMs: number): void {
    const chunk = this.#chunks.get(index);
    if (chunk === undefined) return;
    if (provider.owed.size === 0) provider.meter.begin(nowMs);
    provider.owed.set(index, chunk);
    provider.owedBytes += chunk.size;
    if (this.#returned.delete(index) || this.#fresh.delete(index)) this.#freeBytes -= chunk.size;
    const owers = this.#owers.get(index) ?? new Set();
    owers.add(provider);
    this.#owers.set(index, owers);
  }

  #release(provider: Provider, index: number): void {
    const owers = this.#owers.get(index);
    owers?.delete(provider);
    if (!this.#left.has(index) || (owers !== undefined && owers.size > 0)) return;
    this.#returned.add(index);
    this.#freeBytes += this.#sizeOf(index);
  }

  /** The chunk that this idle provider would bring soonest before who owes it. */
  #steal(provider: Provider, nowMs: number): number | undefined {
    const own = this.#rateOrGuess(provider);
    let best: { readonly index: number; readonly gainMs: number } | undefined;
    for (const other of this.#providers.values()) {
      if (other === provider) continue;
      const rate = this.#rateOrGuess(other);
      const silentMs = other.meter.silentMs(nowMs);
      let aheadBytes = 0;
      for (const [index, { size }] of other.owed) {
        aheadBytes += size;
        if (provider.absent.has(index) || !this.#left.has(index) || !this.#mayCopy(index, nowMs)) continue;
        const theirsMs = aheadBytes / rate + (silentMs > SILENT_MS / 4 ? silentMs : 0);
        const oursMs = size / own;
        const gainMs = theirsMs - oursMs;
        if (oursMs < STEAL_PART * theirsMs && gainMs > (best?.gainMs ?? 0)) best = { index, gainMs };
      }
    }
    return best?.index;
  }

  #mayCopy(index: number, nowMs: number): boolean {
    let counted = 0;
    for (const ower of this.#owers.get(index) ?? []) {
      if (ower.meter.silentMs(nowMs) < SILENT_MS) counted += 1;
    }
    return counted < MOST_COPIES;
  }

  /** One that was not measured yet is taken for one like the others. */
  #rateOrGuess({ meter }: Provider): number {
    if (meter.rate !== undefined) return Math.max(meter.rate, 0.001);
    let sum = 0;
    let measured = 0;
    for (const { meter: other } of this.#providers.values()) {
      if (other.rate === undefined) continue;
      sum += other.rate;
      measured += 1;
    }
    return measured === 0 ? this.#bounds.firstBytes / this.#bounds.windowMs : Math.max(sum / measured, 0.001);
  }
}
