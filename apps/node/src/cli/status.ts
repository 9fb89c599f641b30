import type { NodeStatus } from '../status.ts';
import { formatBytes } from './bytes.ts';
import { type Command, dataFlag } from './command.ts';
import { callNode } from './control.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'what the running node is, whom it sees, and how far the ledger is',
  positionals: [],
  flags: [dataFlag],
  async run(invocation) {
    const status = await callNode<NodeStatus>(invocation, 'status', {});
    for (const line of describeStatus(status)) invocation.output.line(line);
    return status;
  },
};

function describeStatus(status: NodeStatus): string[] {
  const { ledger } = status;
  const width = Math.max(...status.members.map(({ name }) => name.length), 4);
  return [
    `${status.name}  ${status.nodeId}`,
    `  address      ${status.address === '' ? 'none yet' : status.address}`,
    `  phase        ${status.phase} (${status.phaseMeaning})`,
    ...describeWaiting(status),
    ...(status.problem === undefined ? [] : [`  PROBLEM      ${status.problem}`]),
    ...status.alerts
      .filter(({ state }) => state === 'firing')
      .map(({ rule, summary, next }) => `  ALERT        ${rule}: ${summary}; ${next}`),
    `  certificate  until ${status.certificateUntil}`,
    `  memory       ${formatBytes(status.residentBytes)} resident, ${formatBytes(status.peakResidentBytes)} at most`,
    ...(ledger === undefined
      ? []
      : [
          `  ledger       block ${ledger.height}, ${ledger.validators} validators, bears ${ledger.faultsTolerated} faulty`,
          `  finality     ${ledger.lastFinalityMs === undefined ? 'not measured yet' : `${Math.round(ledger.lastFinalityMs)} ms`}`,
          `  profile      ${ledger.profile}: ${ledger.profileMeaning}`,
        ]),
    ...describeContent(status),
    ...status.extensions.map(({ id, version, state, reason }) => {
      const words = state === 'active' ? `active, ${version}` : `${state.toUpperCase()}: ${reason}`;
      return `  extension    ${id}  ${words}`;
    }),
    ...status.members.map(({ name, connected, carrier, kem, self }) => {
      const link = self ? 'this node' : connected ? `${carrier}, ${kem}` : 'not connected';
      return `  member       ${name.padEnd(width)}  ${link}`;
    }),
  ];
}

/** What is missing for the next phase, and what is held. */
function describeWaiting({ phases, holds }: NodeStatus): string[] {
  const missing = phases.find(({ isReached }) => !isReached);
  return [
    ...(missing === undefined
      ? []
      : [`  missing      ${missing.missing ?? ''}`, `               ${missing.next ?? ''}`]),
    ...holds.flatMap(({ capability, state, why, since, next }) => [
      `  ${state.toUpperCase().padEnd(12)} ${capability}: ${why} (since ${since})`,
      `               ${next}`,
    ]),
  ];
}

function describeContent({ content }: NodeStatus): string[] {
  if (content === undefined) return [];
  const { discovery, roots, bytes, lastScrub } = content;
  const lost = lastScrub === undefined ? 0 : lastScrub.lost.length;
  return [
    `  content      ${roots} roots, ${formatBytes(bytes)}${lost === 0 ? '' : `, ${lost} LOST`}`,
    `  discovery    ${discovery.state === 'on' ? `on, ${discovery.peerId}` : `OFF: ${discovery.reason}`}`,
  ];
}
