import { parseArgs } from 'node:util';
import { type StepName, stepNames } from './step-names.ts';

/** What the person at the keyboard asked for. */
export interface TourOptions {
  /** Exit after the tour, in a temporary folder that is removed afterwards. */
  readonly once: boolean;
  /** One JSON object as the last line of stdout; words go to stderr. */
  readonly json: boolean;
  /** Keep the temporary folder of `--once`. */
  readonly keep: boolean;
  /** Where the nodes keep their data; undefined: `.hypermesh` of the repository, or a temporary folder with `--once`. */
  readonly data: string | undefined;
  /** Steps after which the tour stands still until it is told to go on. */
  readonly pauseAfter: readonly StepName[];
}

const help = `Usage: npx -y pnpm@12 start [--once] [--json] [--keep] [--data DIR] [--pause-after STEP]

Brings up a mesh of four node processes on this machine and takes packages through their life: published by one node,
installed by another from several, run by a third and run again by the fourth, memory lent and taken back, the run paid;
and nodes are killed meanwhile and come back.

      --once      exit after the tour; uses a temporary folder
      --keep      do not remove that folder, and leave evidence in it that other people's tools confirm
      --json      print one JSON object as the last line of stdout, words on stderr
      --data DIR  where the nodes keep their data (default: .hypermesh, resumed the next time)
      --pause-after STEP
                  stand still after a step, so that you can look or interfere, until Enter or SIGCONT; may be given
                  more than once; STEP is one of ${stepNames.join(', ')}
  -h, --help      show this help`;

/** Reads the command line. Answers the words to print where it cannot be used. */
export function parseOptions(
  argv: readonly string[],
): TourOptions | { readonly message: string; readonly exitCode: number } {
  try {
    const { values } = parseArgs({
      // pnpm hands over a leading `--` as it stands.
      args: argv.filter((argument, index) => !(index === 0 && argument === '--')),
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        data: { type: 'string' },
        'pause-after': { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { message: help, exitCode: 0 };
    const { once, json, keep, data, 'pause-after': pauseAfter } = values;
    return { once, json, keep, data, pauseAfter: pauseAfter.map(stepOf) };
  } catch (error) {
    return { message: `${(error as Error).message}\n\n${help}`, exitCode: 2 };
  }
}

function stepOf(text: string): StepName {
  const name = stepNames.find((step) => step === text);
  if (name !== undefined) return name;
  throw new Error(`--pause-after ${text}: the steps are ${stepNames.join(', ')}`);
}
