/*
 * Starts a tool of this folder. Old syntax only, so that a Node that is too old to run TypeScript can still say so.
 */
import process from 'node:process';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(`HyperMesh needs Node.js 24.15 or newer; this is ${process.versions.node}.`);
  console.error(
    'On Linux and macOS `rm -rf node_modules && npx -y pnpm@12 install` brings one along; elsewhere install Node.js 24.',
  );
  process.exit(1);
}
const [tool, ...args] = process.argv.slice(2);
process.argv.splice(2, process.argv.length, ...args);
await import(`../src/${tool}.ts`);
