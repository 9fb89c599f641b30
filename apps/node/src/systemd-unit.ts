import type { DaemonLimits } from './config-limits.ts';

/** What a unit is made of. */
export interface UnitOptions {
  /** The Node.js that runs it, and the program. */
  readonly node: string;
  readonly program: string;
  readonly data: string;
  readonly user: string;
  readonly limits: DaemonLimits;
}

/** Time that closing takes beyond the grace for runs, seconds; after it systemd ends what is left. */
const closingSeconds = 30;
/** Memory above the bound at which the node itself takes nothing new on, until the kernel ends it. */
const headroomMb = 256;

/**
 * A unit of systemd that runs a node and keeps it from the rest of the machine. The address families are those of STOQ
 * and of the local socket; user namespaces stay allowed, since they are what keeps packages apart. With --json it
 * says no invitation and no token: what it says stands in the journal, which others may read.
 */
export function systemdUnit({ node, program, data, user, limits }: UnitOptions): string {
  const memory = limits.maxMemoryMb === 0 ? [] : [`MemoryMax=${limits.maxMemoryMb + headroomMb}M`];
  const stopSeconds = Math.ceil(limits.stopGraceMs / 1000) + closingSeconds;
  // The node's own directory, wherever it lies; /var/lib/hypermesh is made where there is none.
  const state = data === '/var/lib/hypermesh' ? ['StateDirectory=hypermesh', 'StateDirectoryMode=0700'] : [];
  return `[Unit]
Description=HyperMesh node
Documentation=https://hypermesh.online
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=exec
User=${quoted(user)}
ExecStart=${quoted(node)} ${quoted(program)} up --json --data ${quoted(data)}
KillSignal=SIGTERM
KillMode=mixed
TimeoutStopSec=${stopSeconds}
Restart=on-failure
RestartSec=2
${lines([...state, `ReadWritePaths=${quoted(data)}`, ...memory])}LimitNOFILE=20000
TasksMax=512
Delegate=yes
UMask=0077

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateTmp=yes
PrivateDevices=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service @mount
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

/** A word as systemd reads it: quoted where it must be, with what systemd would expand written twice. */
function quoted(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(plain)
    ? plain
    : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
