import { type Capability, type ExtensionContext, type Operation, op } from '@hypermesh/extension-sdk';
import type { Catalog } from '../catalog.ts';
import type { WorkOptions } from '../events.ts';
import { answering, invalidProof } from './answers.ts';
import { type CatalogCapabilities, type ProvenOperation, requiredCapabilities } from './capabilities.ts';
import { params } from './params.ts';

/** What an operation works with: the catalog that the extension opened when it was loaded. */
export type OpenCatalog = (ctx: ExtensionContext) => Catalog;

const reading: readonly Capability[] = [
  'asset:read',
  'storage:read',
  'storage:write',
  'network:connect',
  'trustchain:verify',
];
const running: readonly Capability[] = [...reading, 'vm:execute'];

const noParams = params(() => ({}));
const specParams = params((given) => ({ spec: given.text('spec') }));

const filter = params((given) => ({
  text: given.optionalText('text'),
  type: given.type('type'),
  verifiedOnly: given.flag('verifiedOnly'),
  limit: given.count('limit'),
  installed: given.flag('installed'),
}));

const installing = params((given) => ({
  specs: given.texts('specs'),
  lock: given.optionalText('lock'),
  frozen: given.flag('frozen'),
}));

const runningParams = params((given) => ({
  spec: given.text('spec'),
  options: given.object('options'),
  attempts: given.count('attempts'),
}));

/**
 * The operations of the catalog: the five of its first design, and those beside them. Each answers what was asked for or
 * the catalog's failure, both as a success of the call: what is left are the refusals of the host.
 */
export function catalogOperations(open: OpenCatalog): Readonly<Record<string, Operation>> {
  function serve<P>(
    needs: readonly Capability[],
    check: (value: unknown) => P,
    run: (given: P, ctx: ExtensionContext) => Promise<unknown>,
    isProven = false,
  ): Operation {
    return op({
      needs,
      proof: isProven,
      run: (given: unknown, ctx) => answering(async () => run(check(given), ctx)),
    });
  }
  const reads = <P>(
    check: (value: unknown) => P,
    run: (given: P, ctx: ExtensionContext) => Promise<unknown>,
  ) => serve(reading, check, run);
  const writes = <P>(
    check: (value: unknown) => P,
    run: (given: P, ctx: ExtensionContext) => Promise<unknown>,
  ) => serve(requiredCapabilities, check, run);
  const proven = <P>(
    check: (value: unknown) => P,
    run: (given: P, ctx: ExtensionContext) => Promise<unknown>,
  ) => serve(requiredCapabilities, check, run, true);

  /** A proof that holds, but is about something else, is none for this. */
  async function demandBinding(ctx: ExtensionContext, operation: ProvenOperation): Promise<void> {
    const { binds } = ctx.caps['consensus:validate'] as unknown as CatalogCapabilities['consensus:validate'];
    const verdict = await binds(operation, ctx.proof);
    if (!verdict.ok) throw invalidProof(verdict.reason);
  }

  async function install(given: ReturnType<typeof installing>, ctx: ExtensionContext) {
    const catalog = open(ctx);
    const options = { ...workOf(ctx), ...present({ lock: given.lock, frozen: given.frozen }) };
    const { key, value, lock } = await catalog.plan(given.specs, options);
    await demandBinding(ctx, { kind: 'package.install', key, value });
    return catalog.install(given.specs, { ...workOf(ctx), lock, frozen: true, proof: ctx.proof });
  }

  return {
    'catalog.list': reads(filter, async ({ installed, ...query }, ctx) =>
      installed === true ? open(ctx).list() : open(ctx).search(present(query), workOf(ctx)),
    ),
    'catalog.search': reads(filter, ({ installed: _, ...query }, ctx) =>
      open(ctx).search(present(query), workOf(ctx)),
    ),
    'catalog.install': proven(installing, install),
    'catalog.publish': proven(
      params((given) => ({ key: given.text('key') })),
      async ({ key }, ctx) => {
        const draft = await open(ctx).draft(key);
        await demandBinding(ctx, { kind: 'package.publish', key: draft.key, value: draft.value });
        return open(ctx).publish(draft, { ...workOf(ctx), proof: ctx.proof });
      },
    ),
    'catalog.verify': reads(
      params((given) => ({ spec: given.text('spec'), deep: given.flag('deep') })),
      ({ spec, deep = false }, ctx) => open(ctx).verify(spec, { ...workOf(ctx), deep }),
    ),
    'catalog.get': reads(specParams, ({ spec }, ctx) => open(ctx).info(spec, workOf(ctx))),
    'catalog.update': proven(specParams, ({ spec }, ctx) =>
      install({ specs: [spec], lock: undefined, frozen: undefined }, ctx),
    ),
    'catalog.uninstall': writes(specParams, ({ spec }, ctx) => open(ctx).remove(spec, workOf(ctx))),
    'catalog.pack': writes(
      params((given) => ({ source: given.text('source') })),
      ({ source }, ctx) => open(ctx).pack(source, workOf(ctx)),
    ),
    'catalog.plan': reads(installing, ({ specs, ...options }, ctx) =>
      open(ctx).plan(specs, { ...workOf(ctx), ...present(options) }),
    ),
    'catalog.resume': writes(noParams, (_, ctx) => open(ctx).resume(workOf(ctx))),
    'catalog.versions': reads(
      params((given) => ({ name: given.text('name') })),
      ({ name }, ctx) => open(ctx).versions(name),
    ),
    'catalog.resolve': reads(specParams, ({ spec }, ctx) => open(ctx).resolve(spec)),
    'catalog.why': reads(specParams, ({ spec }, ctx) => open(ctx).why(spec)),
    'catalog.lock': reads(specParams, ({ spec }, ctx) => open(ctx).lockOf(spec)),
    'catalog.obtain': reads(
      params((given) => ({ key: given.text('key'), locked: given.versions('locked') })),
      ({ key, locked }, ctx) => open(ctx).obtain(key, { ...workOf(ctx), ...present({ locked }) }),
    ),
    'catalog.run': serve(running, runningParams, ({ spec, ...options }, ctx) =>
      open(ctx).run(spec, { ...workOf(ctx), ...present(options) }),
    ),
    'catalog.explain': serve(running, runningParams, ({ spec, ...options }, ctx) =>
      open(ctx).explain(spec, { ...workOf(ctx), ...present(options) }),
    ),
  };
}

function workOf(ctx: ExtensionContext): WorkOptions {
  return { signal: ctx.signal, onEvent: (event) => ctx.progress({ ...event }) };
}

/** The fields that are there: an optional field that is absent must not be there as undefined. */
function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
