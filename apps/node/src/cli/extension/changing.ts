import { resolve } from 'node:path';
import type { Pin } from '../../extensions/decisions.ts';
import type { SignReport } from '../../extensions/signing.ts';
import type { ExtensionView, LoadReport } from '../../extensions/view.ts';
import type { Invocation } from '../command.ts';
import { callNode } from '../control.ts';

const firstOf = ({ positionals }: Invocation) => positionals[0] ?? '';
const names = (list: readonly string[]) => (list.length === 0 ? 'nothing' : list.join(', '));

const choiceOf = ({ flags }: Invocation) => ({
  ...(typeof flags['grant'] === 'string'
    ? { grants: flags['grant'].split(',').filter((each) => each !== '') }
    : {}),
  ...(flags['trusted'] === true ? { trusted: true } : {}),
  ...(flags['dry-run'] === true ? { dryRun: true } : {}),
});

function say({ output }: Invocation, report: LoadReport): LoadReport {
  const {
    id,
    version,
    replaces,
    tier,
    signer,
    granted,
    withheld,
    asksAnew,
    operations,
    quotas,
    isDryRun,
    loadMs,
  } = report;
  if (isDryRun) output.line('Dry run: nothing is loaded.');
  const before = replaces === undefined ? '' : ` in the place of ${replaces}`;
  const how = loadMs === undefined ? '' : ` in ${Math.round(loadMs)} ms`;
  output.line(
    `${isDryRun ? 'Would load' : 'Loaded'} ${id} ${version}${before}, ${tier}${how}`,
    isDryRun ? undefined : 'good',
  );
  output.line(`  signer      ${signer}`);
  output.line(`  gets        ${names(granted)}`);
  if (withheld.length > 0)
    output.line(`  gets not    ${withheld.join(', ')}: hypermesh extension grant ${id} CAPABILITY`);
  if (replaces !== undefined && asksAnew.length > 0) output.line(`  asks anew   ${asksAnew.join(', ')}`);
  if (operations.length > 0) output.line(`  operations  ${operations.join(', ')}`);
  for (const { quota, limit, unit, enforcement } of quotas ?? [])
    output.line(`  ${quota.padEnd(12)}at most ${limit} ${unit}: ${enforcement}`, 'faint');
  return report;
}

/** `extension load`: the folder is named as the caller sees it. */
export async function load(invocation: Invocation) {
  const folder = resolve(firstOf(invocation));
  return say(
    invocation,
    await callNode<LoadReport>(invocation, 'extension-load', { folder, ...choiceOf(invocation) }),
  );
}

/** `extension reload`. */
export async function reload(invocation: Invocation) {
  const { from } = invocation.flags;
  const where = typeof from === 'string' ? { folder: resolve(from) } : {};
  const params = { id: firstOf(invocation), ...where, ...choiceOf(invocation) };
  return say(invocation, await callNode<LoadReport>(invocation, 'extension-reload', params));
}

/** `extension unload`. */
export async function unload(invocation: Invocation) {
  const answer = await callNode<{ id: string }>(invocation, 'extension-unload', { id: firstOf(invocation) });
  invocation.output.line(`${answer.id} is unloaded; nothing of it is left`, 'good');
  return answer;
}

/** What changes one extension and shows it afterwards. */
export async function change(invocation: Invocation, method: string) {
  const [id, capability] = invocation.positionals;
  const found = await callNode<ExtensionView>(invocation, method, {
    id,
    ...(capability === undefined ? {} : { capability }),
  });
  const why = found.reason === undefined ? '' : `: ${found.reason}`;
  invocation.output.line(`${found.id} is ${found.state}${why}; it may use ${names(found.granted)}`);
  return { extension: found };
}

function pinned({ output }: Invocation, pins: readonly Pin[]): void {
  for (const { signer, trusted } of pins)
    output.line(`pinned ${signer}${trusted ? "  also for the node's own process" : ''}`);
  if (pins.length === 0) output.line('No signer is pinned: this node loads what it signed itself.');
}

/** `extension pin`. */
export async function pin(invocation: Invocation) {
  const params = { signer: firstOf(invocation), trusted: invocation.flags['trusted'] === true };
  const answer = await callNode<{ pins: readonly Pin[] }>(invocation, 'extension-pin', params);
  pinned(invocation, answer.pins);
  return answer;
}

/** `extension unpin`. */
export async function unpin(invocation: Invocation) {
  const params = { signer: firstOf(invocation) };
  const answer = await callNode<{ pins: readonly Pin[]; stopped: readonly string[] }>(
    invocation,
    'extension-unpin',
    params,
  );
  if (answer.stopped.length > 0) invocation.output.line(`stopped ${answer.stopped.join(', ')}`, 'bad');
  pinned(invocation, answer.pins);
  return answer;
}

/** `extension sign`. */
export async function sign(invocation: Invocation) {
  const [folder = '', out = ''] = invocation.positionals;
  const params = { folder: resolve(folder), out: resolve(out) };
  const report = await callNode<SignReport>(invocation, 'extension-sign', params);
  invocation.output.line(`${report.id} ${report.version} is signed in ${report.folder}`, 'good');
  invocation.output.line(`  who wants it pins  ${report.signer}`);
  return report;
}
