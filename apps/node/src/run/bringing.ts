import type { NodeId } from '@hypermesh/core';
import type { Work } from '@hypermesh/executors';
import { type Refusal, refuse } from '@hypermesh/stoq';
import { NodeError } from '../errors.ts';
import type { LeaseTerms } from './lease.ts';
import type { Programs, RunContent } from './ports.ts';
import { maxInputBytes } from './protocol.ts';

/** Carries a refusal out of the middle of a run that has not started. */
export class RunRefused extends Error {
  readonly refusal: Refusal;

  constructor(code: string, detail = '') {
    super(detail === '' ? code : `${code}: ${detail}`);
    this.refusal = refuse(code, Buffer.from(detail));
  }
}

/** Answers what `work` does, or the refusal that it ended with. */
export async function orRefusal<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RunRefused) return error.refusal;
    throw error;
  }
}

/** Most bytes of a program and what it depends on. */
const maxProgramBytes = 64 * 1024 * 1024;
const pageBytes = 65_536;

/** Brings the package that was leased, exactly that one, and its input from whoever asks. Throws `RunRefused`. */
export async function bringWork(
  wanted: Pick<LeaseTerms, 'package' | 'document' | 'dependencies' | 'operation' | 'input' | 'memoryPages'>,
  parts: {
    readonly programs: Programs;
    readonly content: RunContent;
    readonly asker: NodeId;
    readonly tell: (text: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<Work> {
  const { programs, content, asker, tell, signal } = parts;
  try {
    const found = await programs.bring(wanted, tell, signal);
    if (found.document !== wanted.document) throw new RunRefused('another-document');
    const { program } = found;
    const size = [...program.files.values()].reduce((sum, each) => sum + each.length, 0);
    if (size > maxProgramBytes) {
      throw new RunRefused('over-limits', `at most ${maxProgramBytes} bytes of program`);
    }
    const maxBytes = Math.min(maxInputBytes, wanted.memoryPages * pageBytes);
    const input =
      wanted.input === undefined
        ? await found.input()
        : await content.fetch(wanted.input, asker, { maxBytes, signal });
    if (input.length > maxBytes)
      throw new RunRefused('over-limits', 'the input does not fit into the memory');
    return { program, operation: wanted.operation ?? found.operation, input };
  } catch (error) {
    if (error instanceof NodeError) throw new RunRefused('no-package', error.message);
    throw error;
  }
}
