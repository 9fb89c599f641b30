import { type ExtensionContext, op } from '@hypermesh/extension-sdk';
import type { Catalog } from '../catalog.ts';
import type { WorkOptions } from '../events.ts';
import { answering, invalidProof } from './answers.ts';
import { type CatalogCapabilities, type ProvenOperation, requiredCapabilities } from './capabilities.ts';
import { params } from './params.ts';

/** What an operation works with: the catalog that the extension opened when it was loaded. */
export type OpenCatalog = (ctx: ExtensionContext) => Catalog;

const reading = [
  'asset:read',
  'storage:read',
  'storage:write',
  'network:connect',
  'trustchain:verify',
] as const;
const writing = requiredCapabilities;
const running = [...reading, 'trustchain:sign', 'vm:execute'] as const;

const noParams = params(() => ({}));
const spec = params((given) => ({ spec: given.text('spec') }));

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

/** The operations of the catalog: the five of its first design, and those beside them. */
export function catalogOperations(open: OpenCatalog) {
  /** A proof that holds, but is about something else, is none for this. */
  async function demandBinding(ctx: ExtensionContext, operation: ProvenOperation): Promise<void> {
    const { binds } = ctx.caps['consensus:validate'] as unknown as CatalogCapabilities['consensus:validate'];
    const verdict = await binds(operation, ctx.proof);
    if (!verdict.ok) throw invalidProof(verdict.reason);
  }

  async function install(
    given: { specs: readonly string[]; lock: string | undefined; frozen: boolean | undefined },
    ctx: ExtensionContext,
  ) {
    const catalog = open(ctx);
    const options = { ...workOf(ctx), ...present({ lock: given.lock, frozen: given.frozen }) };
    const { key, value, lock } = await catalog.plan(given.specs, options);
    await demandBinding(ctx, { kind: 'package.install', key, value });
    return catalog.install(given.specs, { ...workOf(ctx), lock, frozen: true, proof: ctx.proof });
  }

  return {
    'catalog.list': op({
      needs: reading,
      params: filter,
      run: ({ installed, ...query }, ctx) =>
        answering<unknown>(() =>
          installed === true ? open(ctx).list() : open(ctx).search(present(query), workOf(ctx)),
        ),
    }),
    'catalog.search': op({
      needs: reading,
      params: filter,
      run: ({ installed: _, ...query }, ctx) =>
        answering(() => open(ctx).search(present(query), workOf(ctx))),
    }),
    'catalog.install': op({
      needs: writing,
      proof: true,
      params: installing,
      run: (given, ctx) => answering(() => install(given, ctx)),
    }),
    'catalog.publish': op({
      needs: writing,
      proof: true,
      params: params((given) => ({ key: given.text('key') })),
      run: ({ key }, ctx) =>
        answering(async () => {
          const draft = await open(ctx).draft(key);
          await demandBinding(ctx, { kind: 'package.publish', key: draft.key, value: draft.value });
          return open(ctx).publish(draft, { ...workOf(ctx), proof: ctx.proof });
        }),
    }),
    'catalog.verify': op({
      needs: reading,
      params: params((given) => ({ spec: given.text('spec'), deep: given.flag('deep') })),
      run: ({ spec: wanted, deep = false }, ctx) =>
        answering(() => open(ctx).verify(wanted, { ...workOf(ctx), deep })),
    }),
    'catalog.get': op({
      needs: reading,
      params: spec,
      run: (given, ctx) => answering(() => open(ctx).info(given.spec, workOf(ctx))),
    }),
    'catalog.uninstall': op({
      needs: writing,
      params: spec,
      run: (given, ctx) => answering(() => open(ctx).remove(given.spec, workOf(ctx))),
    }),
    'catalog.update': op({
      needs: writing,
      proof: true,
      params: spec,
      run: (given, ctx) =>
        answering(() => install({ specs: [given.spec], lock: undefined, frozen: undefined }, ctx)),
    }),
    'catalog.pack': op({
      needs: writing,
      params: params((given) => ({ source: given.text('source') })),
      run: ({ source }, ctx) => answering(() => open(ctx).pack(source, workOf(ctx))),
    }),
    'catalog.plan': op({
      needs: reading,
      params: installing,
      run: ({ specs, ...options }, ctx) =>
        answering(() => open(ctx).plan(specs, { ...workOf(ctx), ...present(options) })),
    }),
    'catalog.versions': op({
      needs: reading,
      params: params((given) => ({ name: given.text('name') })),
      run: ({ name }, ctx) => answering(() => open(ctx).versions(name)),
    }),
    'catalog.resolve': op({
      needs: reading,
      params: spec,
      run: (given, ctx) => answering(() => open(ctx).resolve(given.spec)),
    }),
    'catalog.why': op({
      needs: reading,
      params: spec,
      run: (given, ctx) => answering(() => open(ctx).why(given.spec)),
    }),
    'catalog.resume': op({
      needs: writing,
      params: noParams,
      run: (_, ctx) => answering(() => open(ctx).resume(workOf(ctx))),
    }),
    'catalog.lock': op({
      needs: reading,
      params: spec,
      run: (given, ctx) => answering(() => open(ctx).lockOf(given.spec)),
    }),
    'catalog.obtain': op({
      needs: reading,
      params: params((given) => ({ key: given.text('key'), locked: given.object('locked') })),
      run: ({ key, locked }, ctx) =>
        answering(() =>
          open(ctx).obtain(key, {
            ...workOf(ctx),
            ...(locked === undefined ? {} : { locked: locked as Readonly<Record<string, string>> }),
          }),
        ),
    }),
    'catalog.run': op({
      needs: running,
      params: runningParams,
      run: ({ spec: wanted, ...options }, ctx) =>
        answering(() => open(ctx).run(wanted, { ...workOf(ctx), ...present(options) })),
    }),
    'catalog.explain': op({
      needs: running,
      params: runningParams,
      run: ({ spec: wanted, ...options }, ctx) =>
        answering(() => open(ctx).explain(wanted, { ...workOf(ctx), ...present(options) })),
    }),
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
