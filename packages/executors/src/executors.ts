import { sha256, silentMetrics } from '@hypermesh/core';
import { ExecutorsError } from './errors.ts';
import type {
  CallOutcome,
  Capability,
  Comparison,
  Executor,
  Exit,
  Grants,
  Prepared,
  Program,
  RunLimits,
} from './executor.ts';
import type { HostFacts, NodeOffer } from './explain.ts';
import type { Limit } from './limit.ts';
import type { ClaimNeeds, ClaimReason, ExecutorsPorts } from './ports.ts';
import { signStatement } from './statement.ts';

/** What the owner of this machine allows one run. */
export interface RunPolicy {
  readonly maxFuel: bigint;
  readonly maxMemoryPages: number;
  readonly maxDeadlineMs: number;
  readonly maxOutputBytes: number;
  /** Outputs up to so many bytes come back as they are; larger ones as content. */
  readonly inlineOutputBytes: number;
}

/** What is run: a program, what of it is called, and with what. */
export interface Work {
  readonly program: Program;
  readonly operation: string;
  readonly input: Uint8Array;
}

/** One run that somebody asks for. */
export interface RunRequest extends RunLimits, Grants {
  /** What is run, or what brings it here: called when the claim is held, before it is committed. */
  readonly work: Work | ((signal: AbortSignal | undefined) => Promise<Work>);
  /** Who asks, as the policy knows them. */
  readonly requester: string;
  /** What the run is made under, such as the id of a lease; at most 256 bytes, signed with the rest. */
  readonly context: string;
  /**
   * Asked last, when everything is ready and before anything of the program runs; false refuses the
   * run. Where a permission is used up, it is used up here.
   */
  readonly start?: () => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** An output as it is: its bytes, or the root of content that holds them. */
export interface RunOutput {
  readonly bytes?: Uint8Array;
  readonly root?: string;
  readonly size: number;
  readonly sha256: Uint8Array;
}

/** How a run ended, and what this node states of it. */
export interface RunReport {
  readonly exit: Exit;
  /** False where the program was refused before anything of it ran. */
  readonly started: boolean;
  readonly detail: string;
  /** Absent where the thread was ended, and nobody can say. */
  readonly fuelUsed?: bigint;
  readonly memoryPages: number;
  readonly wallMs: number;
  /** Why the claim was refused. */
  readonly reasons?: readonly ClaimReason[];
  readonly output?: RunOutput;
  /** The receipt's canonical bytes, of a run that ended well. */
  readonly receipt?: Uint8Array;
  /** The signed statement; see `openStatement`. */
  readonly statement: Uint8Array;
  readonly limits: readonly Limit[];
  readonly log: readonly string[];
}

/** Runs programs of others on this machine. */
export interface Executors extends AsyncDisposable {
  /** What the probes proved, in the order of the executors. */
  readonly capabilities: readonly Capability[];
  /** What this node offers to `requester`, as plain JSON. */
  offer(who: {
    readonly node: string;
    readonly name: string;
    readonly requester: string;
    readonly needs?: ClaimNeeds;
  }): NodeOffer;
  /** Which of the owner's limits a run would exceed, in words. */
  excessOf(limits: RunLimits): string | undefined;
  /**
   * Claims, prepares, commits, runs, releases; nothing of the program runs before its claim is committed, and the claim
   * is released whatever happens. Never rejects for what the program does; rejects when aborted, or with what the
   * program's bringer, the claims or the outputs throw.
   */
  run(request: RunRequest): Promise<RunReport>;
  /** Runs what a receipt tells of again under a claim of its own, and compares output and fuel. */
  reexecute(
    receipt: Uint8Array,
    request: Omit<RunRequest, keyof Grants | 'context' | 'start'>,
  ): Promise<Comparison>;
}

const PAGE = 65_536;
/** A run is one thread, and waits for others now and then: claimed as half a core. */
const CPU_MICROS_PER_SECOND = 500_000;
const NOTHING_RAN = { started: false, fuelUsed: 0n, memoryPages: 0, wallMs: 0, log: [] } as const;

/** Probes every executor and composes them. Rejects with `executors/type-twice` where two run the same type. */
export async function createExecutors(
  list: readonly Executor[],
  ports: ExecutorsPorts,
  options: { readonly policy: RunPolicy; readonly host: HostFacts; readonly signal?: AbortSignal },
): Promise<Executors> {
  const { policy, host, signal } = options;
  const { metrics = silentMetrics } = ports;
  const byType = new Map<string, { readonly executor: Executor; readonly capability: Capability }>();
  const capabilities: Capability[] = [];
  for (const executor of list) {
    const capability = await executor.probe(signal);
    capabilities.push(capability);
    for (const type of executor.types) {
      if (byType.has(type)) {
        throw new ExecutorsError({ code: 'executors/type-twice', type }, `two executors run ${type}`);
      }
      byType.set(type, { executor, capability });
    }
  }

  function excessOf({ fuel, memoryPages, deadlineMs }: RunLimits): string | undefined {
    if (fuel < 1n || memoryPages < 1 || deadlineMs < 1) return 'each limit must be above 0';
    if (fuel > policy.maxFuel) return `at most ${policy.maxFuel} fuel`;
    if (memoryPages > policy.maxMemoryPages) return `at most ${policy.maxMemoryPages} pages of memory`;
    if (deadlineMs > policy.maxDeadlineMs) return `at most ${policy.maxDeadlineMs} ms`;
    return undefined;
  }

  /** Does `work` under a claim: reserved before it, released after it. */
  async function underClaim<Result>(
    { requester, memoryPages, deadlineMs }: Pick<RunRequest, 'requester' | 'memoryPages' | 'deadlineMs'>,
    work: (commit: () => Promise<string | undefined>) => Promise<Result>,
    refused: (reasons: readonly ClaimReason[]) => Result,
  ): Promise<Result> {
    const needs = { cpuMicrosPerSecond: CPU_MICROS_PER_SECOND, memoryBytes: memoryPages * PAGE };
    const reserved = await ports.claims.reserve({ requester, needs, durationMs: deadlineMs });
    if (!reserved.ok) return refused(reserved.reasons);
    const { id } = reserved.claim;
    try {
      return await work(async () => {
        const committed = await ports.claims.commit(id);
        return committed.ok ? undefined : committed.reason;
      });
    } finally {
      await ports.claims.release(id);
    }
  }

  async function prepare(
    program: Program,
    request: RunLimits & Pick<RunRequest, 'signal'>,
  ): Promise<Prepared> {
    const found = byType.get(program.type);
    if (found === undefined)
      return { ok: false, exit: 'denied', detail: `no executor for ${program.type} here` };
    if (!found.capability.isAvailable) {
      return {
        ok: false,
        exit: 'denied',
        detail: `${program.type} does not run here: ${found.capability.reason}`,
      };
    }
    return found.executor.prepare(program, request, request.signal);
  }

  function reportOf(
    request: RunRequest,
    type: string,
    report: Omit<RunReport, 'statement' | 'limits'>,
  ): RunReport {
    const { exit, fuelUsed, memoryPages, wallMs, output, receipt } = report;
    metrics.count('runs_total', 1, { type, exit });
    if (report.started) {
      metrics.count('runs_fuel_total', Number(fuelUsed ?? 0n));
      metrics.observe('runs_memory_pages', memoryPages);
      metrics.observe('runs_seconds', wallMs / 1000);
    }
    const capability = byType.get(type)?.capability;
    const statement = signStatement(
      {
        v: 1,
        context: request.context,
        type,
        exit,
        fuel: fuelUsed ?? request.fuel,
        isFuelExact: fuelUsed !== undefined,
        memoryPages,
        wallMs,
        output: output?.sha256 ?? new Uint8Array(),
        receipt: receipt ?? new Uint8Array(),
      },
      ports.signer,
    );
    return { ...report, statement, limits: capability?.isAvailable === true ? capability.limits : [] };
  }

  async function outputOf(bytes: Uint8Array, signalOfRun: AbortSignal | undefined): Promise<RunOutput> {
    const about = { size: bytes.length, sha256: sha256(bytes) };
    if (bytes.length <= policy.inlineOutputBytes) return { ...about, bytes };
    return { ...about, root: (await ports.outputs.put(bytes, signalOfRun)).root };
  }

  async function finished(
    request: RunRequest,
    type: string,
    outcome: CallOutcome,
    wallMs: number,
  ): Promise<RunReport> {
    const { log } = outcome;
    if (outcome.exit !== 'ok') {
      const { exit, detail, fuelUsed } = outcome;
      const known = fuelUsed === undefined ? {} : { fuelUsed };
      return reportOf(request, type, { exit, started: true, detail, memoryPages: 0, wallMs, log, ...known });
    }
    const { fuelUsed, memoryPages, receipt } = outcome;
    const output = await outputOf(outcome.output, request.signal);
    return reportOf(request, type, {
      ...{ exit: 'ok', started: true, detail: '', fuelUsed, memoryPages, wallMs, output, receipt, log },
    });
  }

  return {
    capabilities,
    excessOf,

    offer({ node, name, requester, needs = {} }) {
      const { maxFuel, maxMemoryPages, maxDeadlineMs, maxOutputBytes } = policy;
      const ask = {
        requester,
        needs: { cpuMicrosPerSecond: CPU_MICROS_PER_SECOND, ...needs },
        durationMs: 1_000,
      };
      return {
        node,
        name,
        capabilities,
        host,
        limits: { maxFuel: maxFuel.toString(), maxMemoryPages, maxDeadlineMs, maxOutputBytes },
        refusals: ports.claims.explain(ask),
      };
    },

    async run(request) {
      const { signal: signalOfRun, work: asked } = request;
      signalOfRun?.throwIfAborted();
      const typeAsked = typeof asked === 'function' ? 'unknown' : asked.program.type;
      const denied = (detail: string, type = typeAsked, more: Partial<RunReport> = {}) =>
        reportOf(request, type, { ...NOTHING_RAN, exit: 'denied', detail, ...more });
      const excess = excessOf(request);
      if (excess !== undefined) return denied(excess);
      return underClaim(
        request,
        async (commit) => {
          const { program, operation, input } =
            typeof asked === 'function' ? await asked(signalOfRun) : asked;
          const { type } = program;
          const prepared = await prepare(program, request);
          if (!prepared.ok) return denied(prepared.detail, type, { exit: prepared.exit });
          const lost = await commit();
          if (lost !== undefined) return denied(`the claim was lost before the start: ${lost}`, type);
          signalOfRun?.throwIfAborted();
          // From here on nothing can refuse the run any more.
          if (request.start?.() === false) return denied('it may not start any more', type);
          const startedMs = ports.monotonicMs();
          const outcome = await prepared.run({
            ...limitsOf(request),
            operation,
            input,
            clockMs: request.clockMs,
            randomSeed: request.randomSeed,
            maxOutputBytes: policy.maxOutputBytes,
            signal: signalOfRun,
          });
          return finished(request, type, outcome, Math.max(0, Math.round(ports.monotonicMs() - startedMs)));
        },
        (reasons) => {
          const words = reasons.map(({ kind, rule }) => `${kind}: ${rule}`).join('; ');
          return denied(`the owner's policy: ${words}`, typeAsked, { reasons });
        },
      );
    },

    async reexecute(receipt, request) {
      metrics.count('runs_reexecuted_total');
      const { signal: signalOfRun, work: asked } = request;
      const differs = (detail: string): Comparison => ({ matches: false, differs: 'run', detail });
      const excess = excessOf(request);
      if (excess !== undefined) return differs(excess);
      return underClaim(
        request,
        async (commit) => {
          const { program, operation, input } =
            typeof asked === 'function' ? await asked(signalOfRun) : asked;
          const prepared = await prepare(program, request);
          if (!prepared.ok) return differs(prepared.detail);
          const lost = await commit();
          if (lost !== undefined) return differs(`the claim was lost before the start: ${lost}`);
          return prepared.reexecute(receipt, {
            ...limitsOf(request),
            operation,
            input,
            maxOutputBytes: policy.maxOutputBytes,
            signal: signalOfRun,
          });
        },
        (reasons) => differs(`the owner's policy: ${reasons.map(({ rule }) => rule).join('; ')}`),
      );
    },

    async [Symbol.asyncDispose]() {
      await Promise.all(list.map((executor) => executor[Symbol.asyncDispose]()));
    },
  };
}

function limitsOf({ fuel, memoryPages, deadlineMs }: RunLimits): RunLimits {
  return { fuel, memoryPages, deadlineMs };
}
