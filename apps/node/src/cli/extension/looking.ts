import type { Pin } from '../../extensions/decisions.ts';
import type { AuditReport } from '../../extensions/service.ts';
import type { ExtensionView } from '../../extensions/view.ts';
import type { Invocation } from '../command.ts';
import { callNode } from '../control.ts';

const names = (list: readonly string[]) => (list.length === 0 ? 'nothing' : list.join(', '));

/** `extension list`. */
export async function list(invocation: Invocation) {
  const { output } = invocation;
  const answer = await callNode<{ extensions: readonly ExtensionView[]; pins: readonly Pin[] }>(
    invocation,
    'extensions',
    {},
  );
  for (const { id, version, state, reason, tier, operations, isResting } of answer.extensions) {
    const what =
      state === 'active'
        ? `${isResting ? 'active, resting' : 'active'}, ${tier}, ${operations.length} operations`
        : `${state.toUpperCase()}: ${reason}`;
    output.line(`${id} ${version}  ${what}`, state === 'active' ? undefined : 'bad');
  }
  if (answer.extensions.length === 0) output.line('No extensions.');
  for (const { signer, trusted } of answer.pins)
    output.line(`pinned ${signer}${trusted ? "  also for the node's own process" : ''}`);
  return answer;
}

/** `extension info`: all that is known of one. */
export async function info(invocation: Invocation) {
  const { output } = invocation;
  const found = await callNode<ExtensionView>(invocation, 'extension-info', {
    id: invocation.positionals[0],
  });
  output.line(
    `${found.id} ${found.version}  ${found.state}${found.reason === undefined ? '' : `: ${found.reason}`}`,
  );
  const waking = found.wakeMs === undefined ? '' : `, last woken in ${Math.round(found.wakeMs)} ms`;
  const where = found.isResting
    ? 'out of memory until its next call'
    : `loaded in ${Math.round(found.loadMs)} ms`;
  output.line(
    `  runs         ${found.tier} (${found.engine}), generation ${found.generation}, ${where}${waking}`,
  );
  output.line(`  signer       ${found.signer}`);
  output.line(`  certificate  ${found.certificate}`);
  output.line(`  granted      ${names(found.granted)}`);
  const withheld = [...found.asked.required, ...found.asked.optional].filter(
    (each) => !found.granted.includes(each),
  );
  if (withheld.length > 0) output.line(`  withheld     ${withheld.join(', ')}`);
  output.line(
    `  calls        ${found.calls.done} done, ${found.calls.failed} failed, ${found.calls.running} running`,
  );
  for (const { name, summary, proof } of found.operations)
    output.line(
      `  operation    ${name}${proof ? ' (with a proof)' : ''}${summary === undefined ? '' : `: ${summary}`}`,
    );
  if (found.assetTypes.length > 0) output.line(`  assets       ${found.assetTypes.join(', ')}`);
  for (const { quota, limit, unit, enforcement, by, used } of found.quotas)
    output.line(
      `  ${quota.padEnd(12)} ${used === undefined ? '' : `${used} of `}${limit} ${unit}: ${enforcement}, ${by}`,
    );
  if (found.denials.count > 0) output.line(`  refused      ${found.denials.count} times`, 'bad');
  for (const { event, detail } of found.denials.newest.slice(-5))
    output.line(`               ${event} ${JSON.stringify(detail ?? {})}`, 'faint');
  return { extension: found };
}

/** `extension audit`: whether the log is what was written, and its newest records. */
export async function audit(invocation: Invocation) {
  const { of, newest } = invocation.flags;
  const params = { ...(typeof of === 'string' ? { id: of } : {}), limit: Number(newest ?? 0) };
  const report = await callNode<AuditReport>(invocation, 'extension-audit-verify', params);
  invocation.output.line(
    report.intact
      ? `The audit log is what was written: ${report.records} records in ${report.directory}`
      : `The audit log was TAMPERED with: ${report.fault} at line ${report.line} in ${report.directory}`,
    report.intact ? 'good' : 'bad',
  );
  for (const { atMs, event, extension, detail } of report.newest)
    invocation.output.line(
      `${new Date(atMs).toISOString()}  ${event}  ${extension}  ${JSON.stringify(detail)}`,
    );
  return { ok: report.intact, ...report };
}
