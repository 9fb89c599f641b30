const [MAJOR, MINOR] = [24, 15];

/** Whether a version such as `24.15.0` is new enough for the repository. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > MAJOR || (major === MAJOR && minor >= MINOR);
}

/** Ends the process with a message where the Node that runs it is too old. */
export function requireNode(version: string = process.versions.node): void {
  if (isNewEnough(version)) return;
  console.error(`HyperMesh needs Node.js ${MAJOR}.${MINOR} or newer; this is ${version}.`);
  console.error(
    'From the root of the repository, `rm -rf node_modules && npx -y pnpm@12 install` brings one along on Linux and macOS.',
  );
  process.exit(1);
}
