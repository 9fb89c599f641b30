import { type ControlClient, connectControl } from '../control/client.ts';
import { dataDirectory } from '../data-directory.ts';
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
