import { isIP } from 'node:net';
import { NodeError } from '../errors.ts';

/** How a node's API is reached beside the socket of its owner; `[api]` of the configuration. */
export interface ApiConfig {
  readonly isEnabled: boolean;
  /** An IP address. */
  readonly host: string;
  /** 0 lets the system choose once; the port is then kept. */
  readonly port: number;
  /** Whether it may listen on addresses that other machines reach. It has no TLS. */
  readonly allowRemote: boolean;
  /** Names by which it may be asked beside those of this machine. */
  readonly names: readonly string[];
}

/** On this machine only, where the system finds room. */
export const defaultApiConfig: ApiConfig = {
  isEnabled: true,
  host: '::1',
  port: 0,
  allowRemote: false,
  names: [],
};

/** Host and port in `http://[::1]:4711`; undefined for anything else. */
export function parseApiListen(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] =
    /^http:\/\/(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = Number(digits);
  const isAddress = bracketed === undefined ? isIP(host) === 4 : isIP(host) === 6;
  return isAddress && port <= 65_535 ? { host, port } : undefined;
}

/** Whether only this machine reaches an address. */
export const isLoopback = (host: string): boolean => host === '::1' || /^127\./.test(host);

/** The text of an address to listen on. */
export const formatApiListen = ({ host, port }: ApiConfig): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The configuration with another address, as `--api` gives it, or with none for `off`. Throws `node/bad-flag`. */
export function withApiFlag(config: ApiConfig, flag: string | undefined): ApiConfig {
  if (flag === undefined) return config;
  if (flag === 'off') return { ...config, isEnabled: false };
  const listen = parseApiListen(flag);
  const next = 'give an address such as http://[::1]:0, or off';
  if (listen === undefined)
    throw new NodeError(
      { code: 'node/bad-flag', flag: '--api', next },
      `The API cannot listen on ${JSON.stringify(flag)}`,
    );
  if (isLoopback(listen.host) || config.allowRemote) return { ...config, ...listen, isEnabled: true };
  throw new NodeError(
    { code: 'node/bad-flag', flag: '--api', next: remoteNext },
    `${flag} can be reached from other machines, and the API has no TLS`,
  );
}

/** What to do where somebody wants the API on the network. */
export const remoteNext: string =
  'keep to http://[::1]:0 and come by a tunnel (ssh -L), or set allow_remote = true in [api] of hypermesh.toml behind a proxy that has TLS';
