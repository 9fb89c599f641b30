import type { Candidates } from './candidates.ts';
import type { Cause, Clause } from './clause.ts';
import type { SolveReason } from './solver.ts';
import { factSentence, ruleSentence, type Wording } from './wording.ts';

/** Most lines of an explanation; the middle of a longer one is left out. */
const MAX_LINES = 60;

type Follows = Extract<Cause, { kind: 'follows' }>;

/** Every clause that `clause` follows from, and itself, each once, causes first. Not recursive: proofs run deep. */
function proofOf(clause: Clause): Clause[] {
  const order: Clause[] = [];
  const seen = new Set<Clause>();
  const stack: { clause: Clause; isOpen: boolean }[] = [{ clause, isOpen: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.isOpen) {
      order.push(top.clause);
      continue;
    }
    if (seen.has(top.clause)) continue;
    seen.add(top.clause);
    stack.push({ clause: top.clause, isOpen: true });
    const { cause } = top.clause;
    // The clause that was broken is told last, right before what follows from it.
    if (cause.kind === 'follows')
      stack.push({ clause: cause.left, isOpen: false }, { clause: cause.right, isOpen: false });
  }
  return order;
}

/** Why a refused request is refused, in one word. */
export function reasonOf(refused: Clause): SolveReason {
  const causes = proofOf(refused).map(({ cause }) => cause);
  if (causes.some((cause) => cause.kind === 'follows' && cause.isClash)) return 'conflict';
  if (causes.some((cause) => cause.kind === 'requires' && cause.optional)) return 'conflict';
  if (causes.some(({ kind }) => kind === 'yanked')) return 'yanked';
  const dead = causes.map((cause) => (cause.kind === 'requires' ? cause.dead : undefined));
  if (dead.some((kind) => kind === 'unpublished' || kind === 'no-version')) return 'not-found';
  return dead.includes('bad-range') ? 'bad-range' : 'conflict';
}

/**
 * The proof of a refusal as sentences, each from facts of the index or from sentences before it. Sentences that are
 * used again later carry a number; what has just been said is not said again.
 */
export function explain(
  refused: Clause,
  { root, asking }: { readonly root: Candidates; readonly asking: string },
): string[] {
  const wording: Wording = { root, asking };
  if (refused.cause.kind !== 'follows') return [`${capital(factSentence(refused.cause, wording))}.`];
  const told = proofOf(refused).filter(({ cause }) => cause.kind === 'follows');
  const uses = new Map<Clause, number>();
  for (const [index, { cause }] of told.entries()) {
    for (const part of partsOf(cause as Follows)) {
      // A sentence right before needs no number.
      if (part.cause.kind === 'follows' && told[index - 1] !== part) uses.set(part, 0);
    }
  }
  let count = 0;
  const lines: string[] = [];
  for (const [index, clause] of told.entries()) {
    const before = told[index - 1];
    const reasons: string[] = [];
    let isNext = false;
    for (const part of partsOf(clause.cause as Follows)) {
      if (part === before) isNext = true;
      else if (part.cause.kind === 'follows')
        reasons.push(`${ruleSentence(part, wording)} (${uses.get(part)})`);
      else reasons.push(factSentence(part.cause, wording));
    }
    const because = reasons.join(' and ');
    const lead = isNext ? (because === '' ? 'So' : `And because ${because},`) : `Because ${because},`;
    const isLast = clause === refused;
    let line = `${lead} ${isLast ? 'what is asked for cannot be met' : ruleSentence(clause, wording)}.`;
    if (uses.has(clause)) {
      count += 1;
      uses.set(clause, count);
      line += ` (${count})`;
    }
    lines.push(line);
  }
  if (lines.length <= MAX_LINES) return lines;
  const half = MAX_LINES / 2;
  return [
    ...lines.slice(0, half),
    `… ${lines.length - MAX_LINES} further steps are left out …`,
    ...lines.slice(-half),
  ];
}

function partsOf({ left, right }: Follows): Clause[] {
  return left === right ? [left] : [right, left];
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
