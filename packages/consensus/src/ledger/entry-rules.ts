import { type CanonicalValue, equalBytes, toHex } from '@hypermesh/core';
import { type EntryBody, entryBodyOf, type OperationRule, type RuleContext } from './rules.ts';
import type { StateView } from './state.ts';

/** A record of the ledger as it stands under its key: who wrote it, by which operation, and what. */
export interface LedgerEntry {
  readonly v: 1;
  readonly kind: string;
  readonly owner: Uint8Array;
  readonly operation: string;
  readonly height: number;
  readonly value: CanonicalValue;
}

function entryOf(context: RuleContext, value: CanonicalValue): CanonicalValue {
  const { operation, id, height } = context;
  return { v: 1, kind: operation.kind, owner: operation.actor, operation: id, height, value };
}

function owns(view: StateView, key: string, actor: Uint8Array): 'ok' | 'absent' | 'not-owner' {
  const entry = view.get(key) as unknown as LedgerEntry | undefined;
  if (entry === undefined) return 'absent';
  return equalBytes(entry.owner, actor) ? 'ok' : 'not-owner';
}

const withBody =
  (
    run: (view: StateView, body: EntryBody, context: RuleContext) => string,
    further: readonly 'export'[] = [],
  ): OperationRule =>
  (view, context) => {
    const body = entryBodyOf(context.operation, further);
    return body === undefined ? 'bad-body' : run(view, body, context);
  };

/** An entry that is written once and stays. */
const create = (folder: string): OperationRule =>
  withBody((view, body, context) => {
    const key = `${folder}/${body.key}`;
    if (view.get(key) !== undefined) return 'exists';
    view.set(key, entryOf(context, body.value));
    return 'ok';
  });

/** The name in `NAME@VERSION`; a key without a version is a name. A scope's leading `@` belongs to the name. */
function nameIn(key: string): string {
  const at = key.lastIndexOf('@');
  return at > 0 ? key.slice(0, at) : key;
}

/** A version of a package, written once. Its name belongs to the first who published under it. */
const publish = withBody((view, body, context) => {
  const name = `package-name/${nameIn(body.key)}`;
  const owner = owns(view, name, context.operation.actor);
  if (owner === 'not-owner') return owner;
  const key = `package/${body.key}`;
  if (view.get(key) !== undefined) return 'exists';
  if (owner === 'absent') view.set(name, entryOf(context, null));
  view.set(key, entryOf(context, body.value));
  return 'ok';
});

const policy = withBody((view, body, context) => {
  const owner = owns(view, `asset/${body.key}`, context.operation.actor);
  if (owner === 'ok') view.set(`policy/${body.key}`, entryOf(context, body.value));
  return owner;
});

const install = withBody((view, body, context) => {
  if (view.get(`package/${body.key}`) === undefined) return 'absent';
  view.set(`install/${toHex(context.operation.actor)}/${body.key}`, entryOf(context, body.value));
  return 'ok';
});

const grant = withBody(
  (view, body, context) => {
    const owner = owns(view, `export/${body.export}`, context.operation.actor);
    if (owner !== 'ok') return owner;
    const key = `grant/${body.key}`;
    if (view.get(key) !== undefined) return 'exists';
    view.set(key, entryOf(context, { export: body.export as string, revoked: false, grant: body.value }));
    return 'ok';
  },
  ['export'],
);

const revoke = withBody((view, body, context) => {
  const key = `grant/${body.key}`;
  const owner = owns(view, key, context.operation.actor);
  if (owner !== 'ok') return owner;
  const entry = view.get(key) as unknown as LedgerEntry;
  const value = entry.value as Readonly<Record<string, CanonicalValue>>;
  if (value['revoked'] === true) return 'exists';
  view.set(key, entryOf(context, { ...value, revoked: true, reason: body.value }));
  return 'ok';
});

/** The kinds that write entries. */
export const entryRules: Readonly<Record<string, OperationRule>> = {
  'asset.register': create('asset'),
  'asset.policy': policy,
  'package.publish': publish,
  'package.install': install,
  'lease.commit': create('lease'),
  'memory.export': create('export'),
  'memory.grant': grant,
  'memory.revoke': revoke,
};
