import type { InstallReport, PublishReport } from '@hypermesh/node/control';
import type { NodeProcess } from '../node-process.ts';
import type { StepResult, TourContext } from '../tour.ts';
import { damageChunks } from './chunk-damage.ts';
import { adjacent } from './libraries.ts';
import { publishedToSome } from './payload.ts';

/** Where an adjacent version may move so much of its bytes at most: a twentieth. */
const deltaParts = 20;

/**
 * Nodes that do not hold them yet install what node 1 published: a library from several providers, one of which has damaged chunks on its
 * disk; its next version, which moves what changed; and the program.
 */
export async function installStep(context: TourContext): Promise<StepResult> {
  const { mesh, progress, signal, seen } = context;
  await Promise.all(mesh.map((node) => node.call('final', { height: seen.publishedAt }, { signal })));
  const [older, newer] = adjacent.map(({ name, version }) => publishedAs(context, name, version));
  if (older === undefined || newer === undefined) {
    throw new Error('the libraries of the step before are not there');
  }

  const first = nodeWithout(context, older);
  // Nothing has to move on a resumed mesh, nor where every node was asked to hold a copy.
  const isNew = !older.holders.includes(first.name) && !(await isInstalled(context, first, older));
  const provider = holderOf(context, older, first);
  const damaged = isNew ? await damageChunks(provider.directory, older.content, 24) : 0;
  const whole = await install(context, first, [older]);
  if (isNew) {
    progress.fact(
      `one byte flipped in ${damaged} chunk files of ${provider.name}: ${whole.rejectedChunks} rejected, their chunks came from elsewhere`,
    );
  }
  const drills = isNew && whole.rejectedChunks === 0 ? await drill(context) : [];
  const delta = await install(context, nodeWithout(context, newer), [newer]);
  progress.fact(`of ${newer.name}@${newer.version} ${percent(delta.bytesMoved, delta.bytes)} had to move`);
  const rest = (seen.published ?? []).filter((each) => each !== older && each !== newer);
  const installs = [whole, ...drills, delta, await install(context, mesh[1], rest)];
  const sum = (of: 'bytes' | 'bytesMoved' | 'bytesReused' | 'rejectedChunks') =>
    installs.reduce((total, each) => total + each[of], 0);
  const isFromSeveral = whole.peers.length >= 2 && sum('rejectedChunks') > 0;
  const ok = (!isNew || isFromSeveral) && delta.bytesMoved * deltaParts <= delta.bytes;
  return {
    ok,
    bytes: sum('bytes'),
    bytesMoved: sum('bytesMoved'),
    bytesReused: sum('bytesReused'),
    rejectedChunks: sum('rejectedChunks'),
    peers: whole.peers,
    installs,
  };
}

/** Bytes of a drill's package, and how often it may be that the damaged provider is not asked. */
const drillBytes = 4 * 2 ** 20;
const mostDrills = 5;

/** Where the others were quicker than the damaged provider: until it is asked, with all of its chunks damaged. */
async function drill(context: TourContext): Promise<Installed[]> {
  const installs: Installed[] = [];
  while (installs.length < mostDrills && !installs.some(({ rejectedChunks }) => rejectedChunks > 0)) {
    const { published, victim } = await publishedToSome(context, drillBytes);
    await victim.call('final', { height: published.height }, { signal: context.signal });
    const provider = holderOf(context, published, victim);
    const damaged = await damageChunks(provider.directory, published.content, Number.MAX_SAFE_INTEGER);
    const installed = await install(context, victim, [published]);
    context.progress.fact(
      `one byte flipped in ${damaged} chunk files of ${provider.name}: ${installed.rejectedChunks} rejected, their chunks came from elsewhere`,
    );
    installs.push(installed);
  }
  return installs;
}

/** One row of the report. */
interface Installed {
  readonly packages: readonly string[];
  readonly node: string;
  readonly bytes: number;
  readonly bytesMoved: number;
  readonly bytesReused: number;
  readonly peers: InstallReport['peers'];
  readonly rejectedChunks: number;
  readonly durationMs: number;
}

async function install(
  { progress, signal }: TourContext,
  node: NodeProcess,
  packages: readonly PublishReport[],
): Promise<Installed> {
  const startedMs = performance.now();
  const specs = packages.map(({ name, version }) => `${name}@${version}`);
  const result = await node.call<InstallReport>('install', { specs }, { signal, onProgress: progress.live });
  const { bytes, bytesMoved, bytesReused, peers, rejectedChunks } = result;
  const durationMs = Math.round(performance.now() - startedMs);
  const from = peers.map((peer) => peer.node).join(', ');
  progress.fact(
    `${node.name} installed ${specs.join(', ')}: ${bytesMoved} bytes moved${from === '' ? '' : ` from ${from}`}, ${bytesReused} were here`,
  );
  return {
    packages: specs,
    node: node.name,
    bytes,
    bytesMoved,
    bytesReused,
    peers,
    rejectedChunks,
    durationMs,
  };
}

async function isInstalled(
  { signal }: TourContext,
  node: NodeProcess,
  { digest }: PublishReport,
): Promise<boolean> {
  const { packages } = await node.call<{ packages: readonly { digest: string }[] }>('list', {}, { signal });
  return packages.some((each) => each.digest === digest);
}

function publishedAs({ seen }: TourContext, name: string, version: string): PublishReport | undefined {
  return seen.published?.find((each) => each.name === name && each.version === version);
}

/** A node that neither published a package nor holds a copy of it. */
function nodeWithout({ mesh }: TourContext, { holders }: PublishReport): NodeProcess {
  const [, ...others] = mesh;
  return others.find(({ name }) => !holders.includes(name)) ?? mesh[3];
}

/** A node other than `node` and the publisher that holds a copy. */
function holderOf({ mesh }: TourContext, { holders }: PublishReport, node: NodeProcess): NodeProcess {
  const [, ...others] = mesh;
  const holder = others.find((other) => other !== node && holders.includes(other.name));
  if (holder === undefined) throw new Error('nobody but the publisher holds the package');
  return holder;
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
