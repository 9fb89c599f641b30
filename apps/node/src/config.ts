import { type PrivacyLevel, privacyLevels } from '@hypermesh/assets';
import { type NodeId, parseNodeId } from '@hypermesh/core';
import { parse, TomlError } from 'smol-toml';
import {
  type ApiConfig,
  defaultApiConfig,
  formatApiListen,
  isLoopback,
  parseApiListen,
  remoteNext,
} from './api/config.ts';
import { type DaemonLimits, defaultLimits, limitLines, readLimits } from './config-limits.ts';
import { logLines, readLogBounds } from './config-log.ts';
import { type DataDirectory, dataWords, readIfPresent, writeDurably } from './data-directory.ts';
import { NodeError } from './errors.ts';
import { defaultLogBounds, type LogBounds } from './monitor/logs/files.ts';

/** What an operator decides; `hypermesh.toml` in the data directory. */
export interface NodeConfig {
  /** What people call the node: 1 to 32 of a-z, 0-9 and '-'. */
  readonly name: string;
  /** Where STOQ listens, `quic://[ADDRESS]:PORT`; port 0 lets the system choose once and is then kept. */
  readonly listen: string;
  /** NodeId of the member that founded the mesh, holds its authority and its log; absent on that node itself. */
  readonly founder?: NodeId;
  /** Fuel that one run of a package may take at most. */
  readonly maxRunFuel: bigint;
  /** 64 KiB pages of memory that one run may take at most. */
  readonly maxRunMemoryPages: number;
  /** Time that one run may take at most, milliseconds. */
  readonly maxRunMs: number;
  /** Least price of a run, base units per 1,000,000 fuel; 0: free ones too. */
  readonly minRunPrice: bigint;
  /** After how long without a call an extension is let go from memory until the next one, milliseconds. */
  readonly extensionIdleMs: number;
  /** How new assets of this machine are lent; `hypermesh assets policy` changes each afterwards. */
  readonly lend: LendConfig;
  /** Where the API answers, beside the socket of the owner. */
  readonly api: ApiConfig;
  /** How much of the daemon's log stays on disk. */
  readonly log: LogBounds;
  /** What the daemon itself may take. */
  readonly limits: DaemonLimits;
}

/** How much of a machine its owner lends, and to whom. */
export interface LendConfig {
  /** How far it is open: `p2p` lends to the members of the mesh. */
  readonly level: PrivacyLevel;
  /** Share of each device that all leases together may take, 0 to 100. */
  readonly cpuPercent: number;
  readonly memoryPercent: number;
  readonly storagePercent: number;
}

/** What a new node starts with. */
export const defaultConfig: Omit<NodeConfig, 'name' | 'founder'> = {
  listen: 'quic://[::1]:0',
  maxRunFuel: 100_000_000_000n,
  maxRunMemoryPages: 4096,
  maxRunMs: 60_000,
  minRunPrice: 0n,
  extensionIdleMs: 300_000,
  lend: { level: 'p2p', cpuPercent: 50, memoryPercent: 50, storagePercent: 10 },
  api: defaultApiConfig,
  log: defaultLogBounds,
  limits: defaultLimits,
};

const mostOfName = 32;
const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/** Checks what a node (`--name`) or a mesh (`--mesh`) is to be called. Throws `node/bad-flag`. */
export function checkName(name: string, flag: '--name' | '--mesh' = '--name'): string {
  if (namePattern.test(name)) return name;
  const what = flag === '--name' ? 'a node' : 'a mesh';
  throw new NodeError(
    { code: 'node/bad-flag', flag, next: `use 1 to ${mostOfName} of a-z, 0-9 and inner hyphens` },
    name.length > mostOfName
      ? `${name.length} characters are too many to name ${what}`
      : `${JSON.stringify(name)} cannot name ${what}`,
  );
}

const listenPattern = /^quic:\/\/(?:\[[0-9a-fA-F:.]{2,45}\]|[0-9.]{7,15}):([0-9]{1,5})$/;

function isListenAddress(text: string): boolean {
  const port = listenPattern.exec(text)?.[1];
  return port !== undefined && Number(port) <= 65_535;
}

/** Checks an address to listen on. Throws `node/bad-flag`. */
export function checkListen(address: string): string {
  if (isListenAddress(address)) return address;
  throw new NodeError(
    { code: 'node/bad-flag', flag: '--listen', next: 'give an address such as quic://[::1]:0' },
    `Nothing can listen on ${JSON.stringify(address)}`,
  );
}

/** Writes the configuration of a new node. */
export function writeConfig(directory: DataDirectory, config: NodeConfig): void {
  writeDurably(
    directory.config,
    [
      '# What this node is called and what it lends. Read at start.',
      `name = ${JSON.stringify(config.name)}`,
      `listen = ${JSON.stringify(config.listen)}`,
      ...(config.founder === undefined ? [] : [`founder = ${JSON.stringify(config.founder)}`]),
      '',
      '# Limits of one run of a package that another node asks for.',
      '[run]',
      `max_fuel = ${config.maxRunFuel}`,
      `max_memory_pages = ${config.maxRunMemoryPages}`,
      `max_ms = ${config.maxRunMs}`,
      `min_price = ${config.minRunPrice}`,
      '',
      '# Extensions that nobody calls for so long are let go from memory until their next call.',
      '[extensions]',
      `idle_seconds = ${Math.ceil(config.extensionIdleMs / 1000)}`,
      '',
      '# How much of this machine is lent, and to whom: private, private-network, p2p (members), public-network, full-public.',
      '# For new assets; hypermesh assets policy changes each afterwards.',
      '[lend]',
      `level = ${JSON.stringify(config.lend.level)}`,
      `cpu_percent = ${config.lend.cpuPercent}`,
      `memory_percent = ${config.lend.memoryPercent}`,
      `storage_percent = ${config.lend.storagePercent}`,
      '',
      '# The API, which the dashboard uses: on this machine, with the tokens in api-token and api-token-read.',
      '[api]',
      `enabled = ${config.api.isEnabled}`,
      `listen = ${JSON.stringify(formatApiListen(config.api))}`,
      '',
      ...logLines(config.log),
      '',
      ...limitLines(config.limits),
      '',
    ].join('\n'),
  );
}

/** Reads the configuration. Throws `node/not-initialized` or `node/bad-config` with the line. */
export function readConfig(directory: DataDirectory): NodeConfig {
  const text = readIfPresent(directory.config)?.toString('utf8');
  if (text === undefined) {
    const words = dataWords(directory.path);
    throw new NodeError(
      {
        code: 'node/not-initialized',
        directory: directory.path,
        next: `found a mesh: hypermesh init${words}; or join one: hypermesh join INVITATION${words}`,
      },
      `There is no node in ${directory.path}`,
    );
  }
  const {
    name,
    listen,
    founder,
    run = {},
    extensions = {},
    lend = {},
    api = {},
    limits = {},
    log = {},
    ...rest
  } = parseToml(directory, text);
  const bad = (key: string, what: string) => badConfig(directory, what, lineOf(text, key));
  const table = (key: string, value: unknown): Record<string, unknown> => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date))
      return value as Record<string, unknown>;
    throw bad(key, `${key} must be a table`);
  };
  const { max_fuel, max_memory_pages, max_ms, min_price, ...runRest } = table('run', run);
  const { idle_seconds, ...extensionsRest } = table('extensions', extensions);
  const { level, cpu_percent, memory_percent, storage_percent, ...lendRest } = table('lend', lend);
  const { enabled, listen: apiListen, allow_remote, names, ...apiRest } = table('api', api);
  const [unknown] = [
    ...Object.keys(rest),
    ...Object.keys(runRest).map((key) => `run.${key}`),
    ...Object.keys(extensionsRest).map((key) => `extensions.${key}`),
    ...Object.keys(lendRest).map((key) => `lend.${key}`),
    ...Object.keys(apiRest).map((key) => `api.${key}`),
  ];
  if (unknown !== undefined) throw bad(unknown, `there is no setting ${unknown}`);
  if (typeof name !== 'string' || !namePattern.test(name))
    throw bad('name', 'name must be 1 to 32 of a-z, 0-9 and inner hyphens');
  if (typeof listen !== 'string' || !isListenAddress(listen))
    throw bad('listen', 'listen must be an address such as "quic://[::1]:0"');
  const founderId = founder === undefined ? undefined : parseNodeId(String(founder));
  if (founderId?.ok === false) throw bad('founder', 'founder must be a NodeId');
  const integer = (key: string, value: unknown, most: bigint, fallback: bigint, in_ = 'run'): bigint => {
    if (value === undefined) return fallback;
    if (typeof value === 'bigint' && value >= 1n && value <= most) return value;
    throw bad(`${in_}.${key}`, `${in_}.${key} must be an integer from 1 to ${most}`);
  };
  const percent = (key: string, value: unknown, fallback: number): number => {
    if (value === undefined) return fallback;
    if (typeof value === 'bigint' && value >= 0n && value <= 100n) return Number(value);
    throw bad(`lend.${key}`, `lend.${key} must be an integer from 0 to 100`);
  };
  const lendLevel =
    level === undefined ? defaultConfig.lend.level : privacyLevels.find((name) => name === level);
  if (lendLevel === undefined)
    throw bad('lend.level', `lend.level must be one of ${privacyLevels.join(', ')}`);
  return {
    name,
    listen,
    ...(founderId === undefined ? {} : { founder: founderId.id }),
    maxRunFuel: integer('max_fuel', max_fuel, 2n ** 62n, defaultConfig.maxRunFuel),
    maxRunMemoryPages: Number(
      integer('max_memory_pages', max_memory_pages, 65_536n, BigInt(defaultConfig.maxRunMemoryPages)),
    ),
    maxRunMs: Number(integer('max_ms', max_ms, 86_400_000n, BigInt(defaultConfig.maxRunMs))),
    extensionIdleMs:
      Number(
        integer(
          'idle_seconds',
          idle_seconds,
          86_400n,
          BigInt(defaultConfig.extensionIdleMs) / 1000n,
          'extensions',
        ),
      ) * 1000,
    minRunPrice:
      min_price === 0n ? 0n : integer('min_price', min_price, 2n ** 62n, defaultConfig.minRunPrice),
    lend: {
      level: lendLevel,
      cpuPercent: percent('cpu_percent', cpu_percent, defaultConfig.lend.cpuPercent),
      memoryPercent: percent('memory_percent', memory_percent, defaultConfig.lend.memoryPercent),
      storagePercent: percent('storage_percent', storage_percent, defaultConfig.lend.storagePercent),
    },
    api: readApi({ enabled, listen: apiListen, allow_remote, names }, bad),
    log: readLogBounds(table('log', log), bad),
    limits: readLimits(table('limits', limits), bad),
  };
}

function readApi(
  { enabled = true, listen, allow_remote = false, names = [] }: Readonly<Record<string, unknown>>,
  bad: (key: string, what: string) => NodeError,
): ApiConfig {
  if (typeof enabled !== 'boolean') throw bad('api.enabled', 'api.enabled must be true or false');
  if (typeof allow_remote !== 'boolean')
    throw bad('api.allow_remote', 'api.allow_remote must be true or false');
  const isName = (name: unknown) => typeof name === 'string' && /^[a-z0-9.-]{1,253}$/.test(name);
  if (!Array.isArray(names) || !names.every(isName))
    throw bad('api.names', 'api.names must be a list of names such as "node.example"');
  const where = listen === undefined ? defaultApiConfig : parseApiListen(String(listen));
  if (where === undefined) throw bad('api.listen', 'api.listen must be an address such as "http://[::1]:0"');
  if (!isLoopback(where.host) && !allow_remote)
    throw bad(
      'api.listen',
      `api.listen can be reached from other machines, and the API has no TLS: ${remoteNext}`,
    );
  return { isEnabled: enabled, host: where.host, port: where.port, allowRemote: allow_remote, names };
}

/** The line on which a setting stands; undefined where it does not stand alone on one, or is missing. */
function lineOf(text: string, key: string): number | undefined {
  const name = key.split('.').at(-1) ?? key;
  const at = text
    .split('\n')
    .findIndex((line) => [name, `"${name}"`, `[${name}]`].includes(line.split('=')[0]?.trim() ?? ''));
  return at === -1 ? undefined : at + 1;
}

function parseToml(directory: DataDirectory, text: string): Record<string, unknown> {
  try {
    return parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw badConfig(directory, error.message.split('\n')[0] ?? 'not TOML', error.line);
  }
}

function badConfig(directory: DataDirectory, what: string, line?: number): NodeError {
  const place = line === undefined ? directory.config : `${directory.config}:${line}`;
  return new NodeError(
    {
      code: 'node/bad-config',
      file: directory.config,
      ...(line === undefined ? {} : { line }),
      next: `correct ${place}`,
    },
    `${place}: ${what}`,
  );
}
