import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Why a test that needs a browser is skipped: `ctx.skip(NO_CHROMIUM)`. */
export const NO_CHROMIUM =
  'chromium is not here: install it (Debian: apt-get install chromium) or name it by CHROMIUM';

/** The browser's path: what CHROMIUM names, else the first `chromium` on PATH; undefined where there is none. */
export function findChromium(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const named = env['CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  return (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'chromium'))
    .find(isProgram);
}

/** What a browser is started with: nothing of the world outside this machine, no sandbox only for root. */
export function launchOptions(executablePath: string) {
  return {
    executablePath,
    chromiumSandbox: process.getuid?.() !== 0,
    args: [
      '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE ::1, EXCLUDE 127.0.0.1',
    ],
  };
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
