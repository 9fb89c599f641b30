import { NodeError } from '../errors.ts';
import type { AuditReport, ExtensionsStatus } from '../extensions/service.ts';
import { dataFlag, type Group, type Invocation } from './command.ts';
import { callNode } from './control.ts';

export const extensionGroup: Group = {
  name: 'extension',
  summary: 'what extends this node',
  commands: [
    {
      name: 'list',
      summary: 'show the extensions of the running node',
      positionals: [],
      flags: [dataFlag],
      run: list,
    },
    {
      name: 'info',
      summary: 'show one extension: signer, grants, quotas and how each is enforced',
      positionals: [
        {
          name: 'ID',
          describe: 'which extension, such as hypermesh.catalog',
          required: true,
          accepts: { from: 'extensions' },
        },
      ],
      flags: [dataFlag],
      run: info,
    },
    {
      name: 'audit',
      summary: 'check the audit log of extensions',
      details: 'Exit code 1 where it is not what was written.',
      positionals: [],
      flags: [dataFlag],
      run: audit,
    },
  ],
};

async function list(invocation: Invocation) {
  const { output } = invocation;
  const status = await callNode<ExtensionsStatus>(invocation, 'extensions', {});
  for (const { id, version, state, tier, methods, reason } of status.loaded) {
    const why = reason === undefined ? '' : ` (${reason})`;
    output.line(`${id} ${version}  ${state}${why}, ${tier}, ${methods.length} methods`);
  }
  for (const { id, code, detail, path } of status.refused) {
    output.line(`${id}  REFUSED: ${code}${path === undefined ? '' : ` at ${path}`}: ${detail}`);
  }
  if (status.loaded.length + status.refused.length === 0) output.line('No extensions.');
  return status;
}

async function info(invocation: Invocation) {
  const [id = ''] = invocation.positionals;
  const { output } = invocation;
  const { loaded, refused } = await callNode<ExtensionsStatus>(invocation, 'extensions', {});
  const found = loaded.find((each) => each.id === id);
  if (found === undefined) {
    const known = [...loaded, ...refused].map((each) => each.id).join(', ');
    throw new NodeError(
      {
        code: 'node/not-found',
        what: id,
        next: known === '' ? 'there are none' : `there are: ${known}`,
      },
      `No extension called ${id} is loaded`,
    );
  }
  output.line(`${found.id} ${found.version}  ${found.state}, generation ${found.generation}`);
  output.line(`  runs         ${found.tier} (${found.engine}), loaded in ${Math.round(found.loadMs)} ms`);
  output.line(`  signer       ${found.signer.signer}`);
  output.line(`  certificate  ${found.signer.certificateFingerprint}`);
  output.line(`  granted      ${found.granted.join(', ')}`);
  output.line(`  methods      ${found.methods.join(', ')}`);
  output.line(`  assets       ${found.assetTypes.join(', ')}`);
  for (const { quota, limit, unit, enforcement, by } of found.quotas) {
    output.line(`  ${quota.padEnd(12)} ${limit} ${unit}: ${enforcement}, ${by}`);
  }
  return { extension: found };
}

async function audit(invocation: Invocation) {
  const report = await callNode<AuditReport>(invocation, 'extension-audit-verify', {});
  invocation.output.line(
    report.intact
      ? `The audit log is what was written: ${report.records} records in ${report.directory}`
      : `The audit log was TAMPERED with: ${report.fault} at line ${report.line} in ${report.directory}`,
  );
  return { ok: report.intact, ...report };
}
