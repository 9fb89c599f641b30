import { type Check, type Finding, findingsOf } from './finding.ts';

const needed = [24, 15] as const;

/** The version of Node.js. */
export const nodeCheck: Check = {
  name: 'node',
  run({ probe: { nodeVersion } }) {
    const { ok, fail } = findingsOf('node');
    const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
    const isEnough = major > needed[0] || (major === needed[0] && minor >= needed[1]);
    if (isEnough) return [ok(`Node.js ${nodeVersion}`)];
    return [
      fail(
        `Node.js ${nodeVersion} is older than ${needed.join('.')}`,
        'update it, or let npm bring one: npx -y -p node@24 -- hypermesh …',
      ),
    ];
  },
};

/** Seconds by which the machine's two clocks may differ. */
const rtcToleranceSeconds = 120;
/** Nothing of this was written before. */
const earliestMs = Date.UTC(2026, 0, 1);

/** The clock: against the machine's own hardware clock, and against the blocks of the mesh where a node runs. */
export const clockCheck: Check = {
  name: 'clock',
  run({ probe, status }) {
    const { ok, warn, fail, untested } = findingsOf('clock');
    const nowMs = probe.nowMs();
    const next = 'set it, and keep it set: timedatectl set-ntp true';
    const findings: Finding[] = [];
    if (nowMs < earliestMs) findings.push(fail(`it says ${new Date(nowMs).toISOString()}`, next));
    const rtc = Number(probe.text('/sys/class/rtc/rtc0/since_epoch')?.trim() ?? Number.NaN);
    const aside = Math.round(nowMs / 1000 - rtc);
    if (Number.isNaN(rtc)) findings.push(untested('this machine shows no hardware clock'));
    else if (Math.abs(aside) > rtcToleranceSeconds)
      findings.push(warn(`it differs by ${aside} s from the hardware clock`, next, '/sys/class/rtc/rtc0'));
    else findings.push(ok(`it agrees with the hardware clock within ${rtcToleranceSeconds} s`));
    const held = status?.holds.find(({ capability }) => capability === 'clock');
    if (status === undefined) findings.push(untested('no node runs that could compare it with the mesh'));
    else if (held !== undefined) findings.push(fail(held.why, held.next));
    else if (status.ledger === undefined)
      findings.push(untested('the node has no blocks to compare it with'));
    else findings.push(ok('it agrees with the blocks of the mesh'));
    return findings;
  },
};

const leastMemoryBytes = 512 * 2 ** 20;
const leastFiles = 4096;

/** Memory that is there, and how many files a process may open. */
export const limitsCheck: Check = {
  name: 'limits',
  run({ probe, config }) {
    const { ok, warn, untested } = findingsOf('limits');
    const findings: Finding[] = [];
    const available =
      Number(/^MemAvailable:\s+(\d+) kB$/m.exec(probe.text('/proc/meminfo') ?? '')?.[1]) * 1024;
    if (Number.isNaN(available)) findings.push(untested('this system does not tell how much memory is left'));
    else if (available < leastMemoryBytes)
      findings.push(
        warn(
          `${mebibytes(available)} MiB of memory are left`,
          'a node takes about 300 MiB, and what its runs take',
        ),
      );
    else findings.push(ok(`${mebibytes(available)} MiB of memory are left`));
    const set = config?.limits.maxMemoryMb ?? 0;
    if (set > 0 && set < 350)
      findings.push(
        warn(
          `the node may take ${set} MiB`,
          'give it 350 at least, or 0 for no bound',
          'limits.max_memory_mb',
        ),
      );
    const files = /^Max open files\s+(\d+)/m.exec(probe.text('/proc/self/limits') ?? '')?.[1];
    if (files === undefined) findings.push(untested('this system does not tell how many files may be open'));
    else if (Number(files) < leastFiles)
      findings.push(
        warn(
          `${files} files may be open at once`,
          `raise it: ulimit -n ${leastFiles}, or LimitNOFILE= of the service`,
        ),
      );
    else findings.push(ok(`${files} files may be open at once`));
    return findings;
  },
};

/** Parts of other people's native code, and what serves where one does not load. */
export const nativeCheck: Check = {
  name: 'native',
  async run({ probe }) {
    const { ok, warn, fail } = findingsOf('native');
    const { quic, blake3, falcon } = await probe.native();
    const again = 'install again on this machine: npm install -g @hypermesh/node';
    return [
      quic === undefined ? ok('QUIC listens and closes') : fail(`QUIC does not work: ${quic}`, again),
      blake3 === 'native' ? ok('BLAKE3 is native') : warn(`BLAKE3 is ${blake3}: correct, and slower`, again),
      falcon === 'liboqs'
        ? ok('Falcon is that of liboqs')
        : warn(`Falcon is ${falcon}: correct, and slower`, again),
    ];
  },
};

/** What keeps native programs of others apart: bubblewrap, user namespaces, a control group of one's own. */
export const sandboxCheck: Check = {
  name: 'sandbox',
  run({ probe }) {
    const { ok, warn, untested } = findingsOf('sandbox');
    if (probe.platform !== 'linux')
      return [untested('namespaces are a thing of Linux; WebAssembly and scripts need none')];
    const only = 'WebAssembly and scripts run without it';
    const findings: Finding[] = [];
    const most = probe.text('/proc/sys/user/max_user_namespaces')?.trim();
    if (most === '0')
      findings.push(
        warn(
          `user namespaces are off; ${only}`,
          'sysctl -w user.max_user_namespaces=15000',
          'user.max_user_namespaces',
        ),
      );
    const tried = probe.program('bwrap', [
      '--unshare-all',
      '--ro-bind',
      '/',
      '/',
      '--die-with-parent',
      'true',
    ]);
    if (tried === undefined)
      findings.push(warn(`bubblewrap is not installed; ${only}`, 'apt-get install bubblewrap'));
    else if (tried.code !== 0)
      findings.push(
        warn(
          `bubblewrap does not work: ${tried.said.slice(0, 200)}; ${only}`,
          'allow user namespaces to this user',
        ),
      );
    else findings.push(ok('bubblewrap starts a program apart from everything'));
    const own = /^0::(.*)$/m.exec(probe.text('/proc/self/cgroup') ?? '')?.[1];
    const group = own === undefined ? undefined : `/sys/fs/cgroup${own === '/' ? '' : own}`;
    if (group === undefined || probe.text(`${group}/cgroup.controllers`) === undefined)
      findings.push(
        warn(
          `there are no control groups of version 2; ${only}`,
          'start the system with systemd.unified_cgroup_hierarchy=1',
        ),
      );
    else if (!probe.isWritable(`${group}/cgroup.procs`))
      findings.push(
        warn(
          `the control group of this user is not its own; ${only}`,
          'run the node as the service that hypermesh systemd-unit prints: it has Delegate=yes',
          group,
        ),
      );
    else findings.push(ok('a control group of its own', group));
    return findings;
  },
};

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
