/*
 * The repository runs on Node 24.15 or newer. A host with such a Node uses its own; any other gets Node 24 as an
 * ordinary optional dependency from the registry, one package per platform. Two hooks make that work: the host's
 * version (not the one fetched here, which may lead PATH in a nested call) decides, and the runtime packages are
 * marked as wanted only by older hosts.
 */
import { execFileSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNTIME = /^node-(?:bin-)?(linux|darwin)-(x64|arm64)$/;

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** The host's own version: PATH may already lead to the one fetched here, below this folder. */
function hostNodeVersion() {
  const PATH = process.env.PATH.split(delimiter).filter((dir) => !dir.startsWith(HERE));
  return execFileSync('node', ['-p', 'process.versions.node'], {
    env: { ...process.env, PATH: PATH.join(delimiter) },
    encoding: 'utf8',
  }).trim();
}

export const hooks = {
  updateConfig: (config) => ({ ...config, nodeVersion: hostNodeVersion() }),
  readPackage({ engines: _, ...manifest }) {
    const [, os, cpu] = RUNTIME.exec(manifest.name) ?? [];
    return os === undefined ? manifest : { ...manifest, os: [os], cpu: [cpu], engines: { node: '<24.15' } };
  },
};
