import { type Check, type Finding, findingsOf } from './finding.ts';

const listenPattern = /^quic:\/\/\[?([^\]]+?)\]?:(\d+)$/;

/** Whether the node's port can be bound, and IPv6 is there. */
export const portsCheck: Check = {
  name: 'ports',
  async run({ probe, config, status }) {
    const { ok, warn, fail } = findingsOf('ports');
    const findings: Finding[] = [];
    const loopback = await probe.bind('::1', 0);
    findings.push(
      loopback === undefined
        ? ok('UDP can be bound on IPv6 of this machine', '[::1]')
        : fail(
            `UDP cannot be bound: ${loopback}`,
            'switch IPv6 on: sysctl -w net.ipv6.conf.all.disable_ipv6=0',
            '[::1]',
          ),
    );
    const [, host, port] = listenPattern.exec(config?.listen ?? '') ?? [];
    if (host !== undefined && status === undefined) {
      const own = await probe.bind(host, Number(port));
      findings.push(
        own === undefined
          ? ok('the address of this node is free', config?.listen)
          : fail(
              `the address of this node cannot be bound: ${own}`,
              'end what uses it, or set another one: listen = "quic://[::]:0"',
              config?.listen,
            ),
      );
    }
    if (status !== undefined) {
      findings.push(
        status.address === ''
          ? warn('the node listens nowhere yet', 'hypermesh status says what is missing')
          : ok('the node listens', status.address),
      );
    }
    return findings;
  },
};

/** How far others can come, as far as this machine alone can tell. */
export const reachCheck: Check = {
  name: 'reach',
  run({ probe, config, status }) {
    const { ok, warn, untested } = findingsOf('reach');
    const findings: Finding[] = [];
    const [, host = ''] = listenPattern.exec(config?.listen ?? '') ?? [];
    const isLoopback = host === '::1' || host.startsWith('127.');
    const global = probe
      .addresses()
      .filter(({ isIpv6, isInternal, isLinkLocal }) => isIpv6 && !isInternal && !isLinkLocal);
    if (isLoopback)
      findings.push(
        warn(
          'only this machine can reach the node',
          'for other machines: listen = "quic://[::]:0"',
          config?.listen,
        ),
      );
    if (global.length === 0)
      findings.push(
        warn(
          'this machine has no IPv6 address beyond itself',
          'switch IPv6 on at the router, or listen on IPv4 by choice: listen = "quic://0.0.0.0:0"',
        ),
      );
    else findings.push(ok(`IPv6 beyond this machine: ${global.map(({ address }) => address).join(', ')}`));
    if (!isLoopback)
      findings.push(
        untested(
          'whether a router lets others in: no server outside is asked; try hypermesh join from there',
        ),
      );
    const others = status?.members.filter(({ self }) => !self) ?? [];
    if (others.length > 0) {
      const away = others.filter(({ connected }) => !connected).map(({ name }) => name);
      findings.push(
        away.length === 0
          ? ok(`sessions with all ${others.length} other members`)
          : warn(
              `no session with ${away.join(', ')}`,
              'see that they run, and that either side can reach the other',
            ),
      );
    }
    return findings;
  },
};
