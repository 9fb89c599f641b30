import type { GivenGrant, LentRegion } from '@hypermesh/node/control';
import type { NodeProcess } from '../node-process.ts';
import type { StepResult, TourContext } from '../tour.ts';

const regionBytes = 65_536;
const pageBytes = 4_096;
/** Additions that two lanes make to one word: none of them may be lost. */
const additions = 64;

/**
 * Node 4 lends a region, node 1 uses it by its global address: pages, a comparison and additions. Then the grant is
 * revoked while node 1 goes on: nothing that it begins afterwards succeeds.
 */
export async function remoteMemoryStep({ mesh, progress, signal }: TourContext): Promise<StepResult> {
  const [user, , , lender] = mesh;
  const { live: onProgress } = progress;
  const region = await lender.call<LentRegion>('memory-lend', { bytes: regionBytes }, { signal, onProgress });
  progress.fact(
    `${lender.name} lends ${regionBytes} bytes at ${region.prefix}, final at block ${region.height}`,
  );
  const asked = { address: region.address, to: user.name };
  const grant = await lender.call<GivenGrant>('memory-grant', asked, { signal, onProgress });
  progress.fact(`${user.name} is granted ${grant.rights} on it, final at block ${grant.height}`);
  await user.call('final', { height: grant.height }, { signal });

  const used = await use(user, region.address, signal);
  progress.fact(
    `${user.name} wrote and read ${used.pages} pages and added ${additions} times, ${used.operations} operations: ${used.isRight ? 'every byte right, no addition lost' : 'WRONG'}`,
  );

  const racing = race(user, at(region.address, 0), signal);
  const revoked = await lender.call<GivenGrant>(
    'memory-revoke',
    { grant: grant.grant },
    { signal, onProgress },
  );
  const raced = await racing.stop();
  const afterRevoke = await faultOf(() => user.call('memory-read', { address: region.address }, { signal }));
  progress.fact(
    `the grant is revoked at block ${revoked.height} while ${raced.operations} more run; then: ${afterRevoke}`,
  );
  return {
    ok: used.isRight && raced.isEnded && afterRevoke === 'Revoked',
    address: region.address,
    prefix: region.prefix,
    lender: lender.name,
    user: user.name,
    grant: grant.grant,
    operations: used.operations + raced.operations,
    afterRevoke,
  };
}

/** The global address of a byte of the region: its base ends in zeros, so that the offset is its last group. */
function at(base: string, offset: number): string {
  if (offset === 0) return base;
  const groups = base.endsWith('::') ? `${base}0` : base;
  return groups.replace(/[0-9a-f]{1,4}$/, (group) => (Number.parseInt(group, 16) + offset).toString(16));
}

async function use(user: NodeProcess, base: string, signal: AbortSignal) {
  let operations = 0;
  const call = async <T extends object>(method: string, params: object): Promise<T> => {
    operations += 1;
    return await user.call<T>(method, params, { signal });
  };
  const pages = regionBytes / pageBytes - 1;
  const contentOf = (page: number) => Buffer.alloc(pageBytes, `page ${page} of ${base} `).toString('hex');
  const addressOf = (page: number) => at(base, page * pageBytes);
  const numbers = Array.from({ length: pages }, (_, index) => index + 1);
  await Promise.all(
    numbers.map((page) => call('memory-write', { address: addressOf(page), bytes: contentOf(page) })),
  );
  const read = await Promise.all(
    numbers.map((page) =>
      call<{ bytes: string }>('memory-read', { address: addressOf(page), length: pageBytes }),
    ),
  );
  const counts = await Promise.all(
    Array.from({ length: additions }, () =>
      call<{ before: string }>('memory-add', { address: base, delta: 1 }),
    ),
  );
  const swap = { address: base, expected: String(additions), desired: '0' };
  const { isSwapped } = await call<{ isSwapped: boolean }>('memory-cas', swap);
  const isRight =
    isSwapped &&
    new Set(counts.map(({ before }) => before)).size === additions &&
    read.every(({ bytes }, index) => bytes === contentOf(index + 1));
  return { operations, pages, isRight };
}

/** Adds without pause until the first one fails. */
function race(user: NodeProcess, address: string, signal: AbortSignal) {
  let operations = 0;
  let fault: string | undefined;
  const stopped = new AbortController();
  const running = (async () => {
    while (fault === undefined && !stopped.signal.aborted) {
      fault = await faultOf(() => user.call('memory-add', { address, delta: 1 }, { signal }));
      operations += 1;
    }
  })();
  return {
    /** Stops it; `isEnded` says whether the revocation ended it, as it has to. */
    async stop() {
      const once = faultOf(() => user.call('memory-add', { address, delta: 1 }, { signal }));
      const isEnded = (await once) === 'Revoked';
      stopped.abort();
      await running;
      return { operations: operations + 1, isEnded: isEnded && (fault === undefined || fault === 'Revoked') };
    },
  };
}

/** The fault that an access fails with, or undefined where it succeeds. */
async function faultOf(access: () => Promise<object>): Promise<string | undefined> {
  try {
    await access();
    return undefined;
  } catch (error) {
    const failure =
      error instanceof Error && 'failure' in error ? (error.failure as Record<string, unknown>) : {};
    if (failure['code'] !== 'node/memory-fault') throw error;
    return String(failure['fault']);
  }
}
