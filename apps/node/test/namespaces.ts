import { spawnSync } from 'node:child_process';

/** Network namespaces of one laboratory, by the names that they have within it. */
export interface Laboratory extends Disposable {
  /** What leads a command line so that it runs in a namespace. */
  inside(name: string): readonly string[];
}

/** How a laboratory is wired: two NATs and a public machine on one network, two machines behind each NAT. */
export const addresses = {
  relay: 'fd00:77::10',
  birch: 'fd00:78::2',
  cedar: 'fd00:78::3',
  delta: 'fd00:79::2',
  elm: 'fd00:79::3',
} as const;

const behind = { nat1: ['birch', 'cedar'], nat2: ['delta', 'elm'] } as const;
const wan = { relay: addresses.relay, nat1: 'fd00:77::1', nat2: 'fd00:77::2' } as const;
const lan = { nat1: 'fd00:78::1', nat2: 'fd00:79::1' } as const;

/** Rules of a NAT: what comes from inside goes out under its own address, and nothing comes in that nobody asked for. */
const rules = `
table ip6 nat {
  chain postrouting { type nat hook postrouting priority 100; oifname "wan" masquerade fully-random; }
}
table ip6 filter {
  chain forward { type filter hook forward priority 0; policy drop; ct state established,related accept; iifname "lan" accept; }
}
`;

/** Opens a laboratory, or says in words why this machine has none. */
export function openLaboratory(): Laboratory | { readonly absent: string } {
  if (process.platform !== 'linux') return { absent: 'network namespaces are a thing of Linux' };
  for (const tool of ['ip', 'nft'])
    if (spawnSync(tool, ['-V']).error !== undefined)
      return { absent: `${tool} is not installed (Debian: apt-get install iproute2 nftables)` };
  const prefix = `hm${process.pid}`;
  const space = (name: string) => `${prefix}-${name}`;
  const made: string[] = [];
  const run = (command: string, input?: string): void => {
    const [program = '', ...argv] = command.split(' ');
    const { status, stderr, error } = spawnSync(program, argv, { encoding: 'utf8', input });
    if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.trim()}`);
  };
  const close = (): void => {
    for (const name of made) spawnSync('ip', ['netns', 'del', space(name)]);
  };
  const bridge = (name: string, device: string): void => {
    run(`ip -n ${space(name)} link add ${device} type bridge`);
    run(`ip -n ${space(name)} link set ${device} up`);
  };
  /** A cable from a machine's device to a bridge of another. */
  const connect = (name: string, device: string, to: readonly [string, string]): void => {
    const [other, into] = to;
    const end = `v${made.indexOf(name)}`;
    run(`ip -n ${space(name)} link add ${device} type veth peer name ${end} netns ${space(other)}`);
    run(`ip -n ${space(other)} link set ${end} master ${into}`);
    run(`ip -n ${space(other)} link set ${end} up`);
    run(`ip -n ${space(name)} link set ${device} up`);
  };
  const address = (name: string, device: string, text: string): void =>
    run(`ip -n ${space(name)} addr add ${text}/64 dev ${device} nodad`);
  try {
    for (const name of ['wan', 'nat1', 'nat2', ...Object.keys(addresses)]) {
      run(`ip netns add ${space(name)}`);
      made.push(name);
      run(`ip -n ${space(name)} link set lo up`);
    }
    bridge('wan', 'net');
    for (const [name, text] of Object.entries(wan)) {
      connect(name, 'wan', ['wan', 'net']);
      address(name, 'wan', text);
    }
    for (const nat of ['nat1', 'nat2'] as const) {
      bridge(nat, 'lan');
      address(nat, 'lan', lan[nat]);
      run(`ip netns exec ${space(nat)} sysctl -qw net.ipv6.conf.all.forwarding=1`);
      run(`ip netns exec ${space(nat)} nft -f -`, rules);
      for (const name of behind[nat]) {
        connect(name, 'eth', [nat, 'lan']);
        address(name, 'eth', addresses[name]);
        run(`ip -n ${space(name)} route add default via ${lan[nat]}`);
      }
    }
  } catch (error) {
    close();
    return {
      absent: `no namespaces are to be had: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  return {
    inside: (name) => ['ip', 'netns', 'exec', space(name)],
    [Symbol.dispose]: close,
  };
}
