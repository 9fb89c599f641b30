import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '../src/config-limits.ts';
import { systemdUnit } from '../src/systemd-unit.ts';

const program = fileURLToPath(new URL('../bin/hypermesh.mjs', import.meta.url));
const options = {
  node: process.execPath,
  program,
  data: '/var/lib/hypermesh',
  user: 'root',
  limits: defaultLimits,
};
const isThere = spawnSync('systemd-analyze', ['--version']).error === undefined;
const absent = 'systemd-analyze is not installed (Debian: apt-get install systemd)';

let folder: string;
let unit: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hm-unit-'));
  unit = join(folder, 'hypermesh.service');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the unit of systemd', () => {
  it('follows the configuration, and quotes what systemd would read otherwise', () => {
    const limits = { ...defaultLimits, maxMemoryMb: 1000, stopGraceMs: 15_500 };
    const text = systemdUnit({ ...options, limits, data: '/srv/my $mesh/100% "here"', user: 'mesh' });
    expect(text).toContain('MemoryMax=1256M\n');
    expect(text).toContain('TimeoutStopSec=46\n');
    expect(text).toContain('up --json --data "/srv/my $$mesh/100%% \\"here\\""\n');
    expect(text).not.toContain('StateDirectory=');
    expect(systemdUnit(options)).toContain('StateDirectory=hypermesh\n');
    expect(systemdUnit(options)).not.toContain('MemoryMax=');
  });

  it('is one that systemd itself takes without a word', (ctx) => {
    if (!isThere) ctx.skip(absent);
    const verify = (text: string) => {
      writeFileSync(unit, text);
      const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
        encoding: 'utf8',
      });
      const said = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('hypermesh.service'));
      return { status, said };
    };
    expect(verify(systemdUnit(options)).said).toEqual([]);
    expect(verify(systemdUnit(options).replace('Restart=on-failure', 'Restart=maybe')).said.join()).toContain(
      'maybe',
    );
  });

  it('leaves little exposed by the measure of systemd', (ctx) => {
    if (!isThere) ctx.skip(absent);
    writeFileSync(unit, systemdUnit(options));
    const { stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=yes', '--no-pager', unit],
      { encoding: 'utf8' },
    );
    const exposure = Number(/exposure level[^:]*: ([\d.]+)/.exec(`${stdout}${stderr}`)?.[1]);
    expect(exposure, `${stdout}${stderr}`).toBeLessThan(4.5);
  });
});
