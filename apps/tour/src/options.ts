import { parseArgs } from 'node:util';

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
}

const help = `Usage: npx -y pnpm@12 start [--once] [--json] [--keep] [--data DIR]

Brings up a mesh of four node processes on this machine and takes a package through its life: published by one node,
installed by another, run by a third, run again by the fourth, and a validator killed and brought back meanwhile.

      --once      exit after the tour; uses a temporary folder
      --keep      with --once: do not remove that folder
      --json      print one JSON object as the last line of stdout, words on stderr
      --data DIR  where the nodes keep their data (default: .hypermesh, resumed the next time)
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
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { message: help, exitCode: 0 };
    return { once: values.once, json: values.json, keep: values.keep, data: values.data };
  } catch (error) {
    return { message: `${(error as Error).message}\n\n${help}`, exitCode: 2 };
  }
}
