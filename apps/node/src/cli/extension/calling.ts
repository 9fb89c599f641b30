import { readFileSync } from 'node:fs';
import { NodeError } from '../../errors.ts';
import type { Invocation } from '../command.ts';
import { callNode } from '../control.ts';

/** `extension call`: prints what the operation answered. */
export async function call(invocation: Invocation) {
  const [id, method] = invocation.positionals;
  const input = inputOf(invocation);
  const answer = await callNode<{ result: unknown }>(invocation, 'extension-call', {
    id,
    method,
    ...(input === undefined ? {} : { input }),
  });
  const { result } = answer;
  invocation.output.line(typeof result === 'string' ? result : JSON.stringify(result, undefined, 2));
  return answer;
}

/** The JSON that was given, in words or in a file. Throws `node/bad-flag`. */
function inputOf({ flags }: Invocation): unknown {
  const { input } = flags;
  if (typeof input !== 'string') return undefined;
  try {
    const text = input.startsWith('@') ? readFileSync(input === '@-' ? 0 : input.slice(1), 'utf8') : input;
    return JSON.parse(text);
  } catch (error) {
    const next = `a text is JSON in quotes of its own: --input '"to be"'`;
    const why = error instanceof Error ? error.message : 'it cannot be read';
    throw new NodeError({ code: 'node/bad-flag', flag: '--input', next }, `The input is not JSON: ${why}`);
  }
}
