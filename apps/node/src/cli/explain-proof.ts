import type { ProofTerms } from '../ledger/proof-terms.ts';
import { formatBytes } from './bytes.ts';
import type { Invocation } from './command.ts';
import { callNode } from './control.ts';

/** What this machine takes for the two legs that cost time, milliseconds. */
export interface Measured {
  /** One evaluation of argon2id with the profile's memory. */
  readonly hashMs: number;
  /** The whole delay, by one core of this machine. */
  readonly delayMs: number;
}

/** One leg in words, with the numbers that they stand on. */
export interface ExplainedLeg {
  readonly leg: 'space' | 'time' | 'work' | 'stake';
  readonly question: 'WHERE' | 'WHEN' | 'WHAT' | 'WHO';
  readonly shows: readonly string[];
  /** What forging it would cost here. */
  readonly forging: readonly string[];
  readonly doesNotShow: string;
  readonly numbers: Readonly<Record<string, number | string>>;
}

/** A prover looks at so many blocks for one that suits its plots. */
const anchorsTried = 8;

/** How often a draw has at least one proof in a whole plot: chiapos gives one a draw on average. */
const answered = 1 - Math.exp(-1);

/** The chance that somebody who keeps a share of its plots passes the space leg at one block. */
export function passesWith(
  share: number,
  { challenges, minimumAnswers }: { readonly challenges: number; readonly minimumAnswers: number },
): number {
  const p = answered * share;
  let chance = 0;
  let ways = 1;
  for (let k = 0; k <= challenges; k++) {
    if (k >= minimumAnswers) chance += ways * p ** k * (1 - p) ** (challenges - k);
    ways = (ways * (challenges - k)) / (k + 1);
  }
  return Math.min(1, chance);
}

/** What each leg of a proof shows on this mesh, and what it would cost to forge it: computed from the mesh's own terms. */
export function explainProof(terms: ProofTerms, measured: Measured): readonly ExplainedLeg[] {
  return [space(terms), time(terms, measured), work(terms, measured), stake(terms)];
}

function space({ profile, members }: ProofTerms): ExplainedLeg {
  const {
    minimumK: k,
    regenerationMs,
    regenerationSpeedup,
    maxOffsetMs,
    challenges,
    minimumAnswers,
  } = profile;
  const bytes = members.map(({ spaceBytes }) => Number(spaceBytes));
  const [least = 0, most = 0] = [Math.min(...bytes), Math.max(...bytes)];
  const kept = least === most ? formatBytes(least) : `${formatBytes(least)} to ${formatBytes(most)}`;
  const half = passesWith(0.5, profile);
  const halfOfOperations = 1 - (1 - half) ** anchorsTried;
  const windowRatio = maxOffsetMs / regenerationMs;
  const again =
    regenerationSpeedup === null
      ? `Keep nothing, and make a plot of k = ${k} anew for each draw: about ${duration(regenerationMs)} of one core, and ${duration(maxOffsetMs)} are allowed. This profile does not rule that out: here the leg costs a forger next to nothing.`
      : `Keep nothing, and make a plot of k = ${k} anew for each draw: about ${duration(regenerationMs)} of one core by our plotter, of which ${duration(maxOffsetMs)} are allowed: ${windowRatio < 1 ? `a plotter ${decimal(1 / windowRatio)} times as fast is needed, for each plot that is asked for` : 'one core is fast enough'}.`;
  return {
    leg: 'space',
    question: 'WHERE',
    shows: [
      `Who holds the member's key had plots at hand that answer ${minimumAnswers} of ${challenges} draws over ${kept} a member; a block that nobody knew before makes the draws.`,
    ],
    forging: [
      again,
      `Keep half of the plots: passes ${percent(half)} of draws, and ${percent(halfOfOperations)} of operations, since a prover may pick among ${anchorsTried} blocks. With a quarter: ${percent(passesWith(0.25, profile))} and ${percent(1 - (1 - passesWith(0.25, profile)) ** anchorsTried)}.`,
    ],
    doesNotShow: 'a place on earth, one disk rather than another, or that nobody else keeps the same plots',
    numbers: {
      k,
      plots: members.map((each) => each.plots.reduce((sum, { count }) => sum + count, 0)).join(','),
      committedBytes: bytes.join(','),
      regenerationMs,
      windowMs: maxOffsetMs,
      challenges,
      minimumAnswers,
      passesWithHalf: round(half),
      operationsWithHalf: round(halfOfOperations),
    },
  };
}

function time({ profile }: ProofTerms, { delayMs }: Measured): ExplainedLeg {
  const { iterations, maxOffsetMs } = profile;
  return {
    leg: 'time',
    question: 'WHEN',
    shows: [
      `${iterations.toLocaleString('en')} squarings were done one after the other, after a final block that is at most ${duration(maxOffsetMs)} old and before the work of this operation.`,
    ],
    forging: [
      `Squarings cannot be shared out among cores. This machine takes ${duration(delayMs)} for them; who has hardware ten times as fast takes ${duration(delayMs / 10)}.`,
      'Who knows the factors of the number RSA-2048 makes any delay at once. Nobody is known to; a large quantum computer could find them.',
    ],
    doesNotShow: `a clock: only the order, and a time that is within ${duration(maxOffsetMs)} of the chain's`,
    numbers: { iterations, delayMs: round(delayMs), windowMs: maxOffsetMs },
  };
}

function work({ profile }: ProofTerms, { hashMs }: Measured): ExplainedLeg {
  const { memoryKib, difficulty } = profile;
  const tries = 2 ** difficulty;
  const onAverageMs = tries * hashMs;
  return {
    leg: 'work',
    question: 'WHAT',
    shows: [
      `About ${tries.toLocaleString('en')} evaluations of argon2id over ${formatBytes(memoryKib * 1024)} each were spent on this very operation, by this member, after the delay.`,
    ],
    forging: [
      `No short cut is known: it costs what it costs. Here ${duration(onAverageMs)} of one core for an operation, ${duration(onAverageMs * 1000)} for a thousand (${duration(hashMs)} an evaluation on this machine). ${onAverageMs < 1000 ? 'That slows a flood; it stops nobody who means it.' : 'That makes a flood dear.'}`,
    ],
    doesNotShow: 'that a program ran rightly: receipts and second executions show that',
    numbers: { memoryKib, difficulty, tries, hashMs: round(hashMs), onAverageMs: round(onAverageMs) },
  };
}

function stake({ profile, members, validators, faultsTolerated }: ProofTerms): ExplainedLeg {
  const bonded = members.filter(({ bond }) => bond === 'bonded');
  const total = bonded.reduce((sum, { power }) => sum + BigInt(power), 0n);
  const slashed = members.filter(({ bond }) => bond === 'slashed').length;
  const most = bonded.reduce((all, { power }) => (BigInt(power) > all ? BigInt(power) : all), 0n);
  const needed = faultsTolerated + 1;
  return {
    leg: 'stake',
    question: 'WHO',
    shows: [
      `The key that signed has a bond of ${profile.minimumPower} or more in the ledger, not older than ${Math.round(profile.maxBondAgeMs / 86_400_000)} days: ${bonded.length} members have bonds of ${total} in all, ${most} the largest.`,
      'The signature of that key binds all four legs and the operation to each other: none of them can be used again for anything else.',
    ],
    forging: [
      'Somebody else’s: a signature of Ed25519 without its key, about 2^126 steps as far as is known; a large quantum computer could make one.',
      `Your own: a bond is given by a member (here: at the founding). ${slashed === 0 ? 'Nothing was ever taken from a bond here, and no rule of this version takes it: contradicting votes are seen and told, not punished yet.' : `${slashed} bonds were taken away.`}`,
      faultsTolerated === 0
        ? `The order of the ledger: ${validators === 1 ? 'its one validator decides alone' : `${validators} validators bear no faulty one: any of them can stop it, or help to contradict it`}.`
        : `The order of the ledger: ${needed} of ${validators} validators that sign contradictions together${profile.name === 'localhost' ? '; while one owner runs them all, that is one person' : ''}.`,
    ],
    doesNotShow: 'an honest person, or that two keys belong to two people',
    numbers: {
      minimumPower: profile.minimumPower,
      totalPower: total.toString(),
      bonded: bonded.length,
      validators,
      faultsTolerated,
      contradictingNeeded: needed,
    },
  };
}

/** Measures this machine and prints what each leg shows here. */
export async function explainProofCommand(invocation: Invocation): Promise<object> {
  const { output } = invocation;
  const terms = await callNode<ProofTerms>(invocation, 'proof-terms', {});
  output.progress({ text: 'measuring what the delay and the work take on this machine' });
  const measured = await measure(terms, invocation.signal);
  const legs = explainProof(terms, measured);
  const { name } = terms.profile;
  output.line(`Every operation of this mesh carries one proof of four legs. Profile ${name}:`);
  for (const { leg, question, shows, forging, doesNotShow } of legs) {
    output.line('');
    output.line(`${question} (${leg})`, 'good');
    for (const words of shows) output.line(`  shows    ${words}`);
    for (const words of forging) output.line(`  forging  ${words}`);
    output.line(`  not      ${doesNotShow}`);
  }
  output.line('');
  const both =
    measured.delayMs + legs.reduce((sum, { numbers }) => sum + Number(numbers['onAverageMs'] ?? 0), 0);
  output.line(`One operation, made honestly on this machine: about ${duration(both)} for delay and work.`);
  if (name === 'localhost') {
    output.line(
      'This profile shows the protocol, not what storage costs: do not guard anything with it that is worth more than that.',
      'bad',
    );
  }
  return { terms, measured, legs };
}

async function measure({ profile }: ProofTerms, signal: AbortSignal): Promise<Measured> {
  const { argon2id, vdf } = await import('@hypermesh/consensus');
  const password = new Uint8Array(32);
  const input = { password, salt: password.subarray(16), memoryKib: profile.memoryKib };
  const hashes: number[] = [];
  for (let run = 0; run < 3; run++) {
    hashes.push(await timed(() => argon2id({ ...input, passes: 1, lanes: 1, tagBytes: 32 })));
  }
  // Twice, so that starting the worker counts in neither.
  const squarings = 16_384;
  await vdf('rsa-2048').evaluate(password, 256, { signal });
  const delay = await timed(() => vdf('rsa-2048').evaluate(password, squarings, { signal }));
  const [, hashMs = 0] = hashes.sort((a, b) => a - b);
  return { hashMs, delayMs: (delay * profile.iterations) / squarings };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function duration(ms: number): string {
  if (ms < 1) return `${decimal(ms)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${decimal(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`;
}

const decimal = (value: number): string => (value >= 100 ? String(Math.round(value)) : value.toFixed(1));
const percent = (share: number): string =>
  `${share > 0.995 ? '100' : (share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
const round = (value: number): number => Math.round(value * 1000) / 1000;
