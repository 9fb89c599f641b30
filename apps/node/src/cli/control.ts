import { type ControlClient, connectControl } from '../control/client.ts';
import { dataDirectory } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { MemberStatus, NodeStatus } from '../status.ts';
import type { Invocation } from './command.ts';
import { progressOf } from './progress.ts';

/** The data directory that the flags name. */
export function directoryOf({ flags }: Invocation) {
  const { data } = flags;
  return typeof data === 'string' ? dataDirectory(data) : dataDirectory();
}

/** Calls the running node of `--data`, showing its progress. */
export async function callNode<T extends object>(
  invocation: Invocation,
  method: string,
  params: object,
): Promise<T> {
  const directory = directoryOf(invocation);
  using client: ControlClient = await connectControl(directory.controlSocket, directory.path);
  return await client.call<T>(method, params, {
    signal: invocation.signal,
    onProgress: (event) => invocation.output.progress(progressOf(event)),
  });
}

/** The member that a name or an id means, as the running node sees it. Throws `node/not-found` with the names that there are. */
export async function memberCalled(invocation: Invocation, nameOrId: string): Promise<MemberStatus> {
  const { members } = await callNode<NodeStatus>(invocation, 'status', {});
  const found = members.find(({ name, nodeId }) => name === nameOrId || nodeId === nameOrId);
  if (found !== undefined) return found;
  const next = `members: ${members.map(({ name }) => name).join(', ')}`;
  throw new NodeError({ code: 'node/not-found', what: nameOrId, next }, `No member is called ${nameOrId}`);
}
