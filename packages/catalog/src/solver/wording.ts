import type { Candidates } from './candidates.ts';
import { type Choices, hasChoice, isWithin } from './choices.ts';
import type { Cause, Clause } from './clause.ts';

/** What sentences need to know besides the clause. */
export interface Wording {
  readonly root: Candidates;
  readonly asking: string;
}

/** Most stretches of versions that one sentence lists. */
const MAX_STRETCHES = 4;

type Fact = Exclude<Cause, { kind: 'follows' }>;

/** A fact of the index as a sentence without its full stop. */
export function factSentence(fact: Fact, { root, asking }: Wording): string {
  if (fact.kind === 'yanked') {
    const { of, versions } = fact;
    return `${some(of, versions)} ${isMany(of, versions) ? 'were' : 'was'} withdrawn`;
  }
  const { from, versions, on, range, optional, dead } = fact;
  const subject =
    from === root
      ? asking
      : `${some(from, versions)} ${optional ? 'takes, where it is there,' : isMany(from, versions) ? 'depend on' : 'depends on'}`;
  const object = `${on.name} ${range === '' ? '*' : range}`;
  return `${subject} ${object}${dead === undefined ? '' : `, ${hopeless(on, dead)}`}`;
}

function hopeless(on: Candidates, dead: 'unpublished' | 'no-version' | 'bad-range'): string {
  switch (dead) {
    case 'unpublished':
      return 'a package that is not published';
    case 'no-version':
      return on.versions.length === 0
        ? 'of which no version is published'
        : `which no published version matches (published: ${listed(on, on.every)})`;
    case 'bad-range':
      return 'which is no version range';
    default:
      return dead satisfies never;
  }
}

/** What a derived clause says, as a sentence without its full stop. */
export function ruleSentence({ terms }: Clause, { root, asking }: Wording): string {
  const others = terms.filter(({ of }) => of !== root);
  const isRooted = others.length < terms.length;
  const chosen = others.filter(({ set }) => !hasChoice(set, 0));
  const needed = others
    .filter(({ set }) => hasChoice(set, 0))
    .map(({ of, set }) => some(of, of.otherThan(set)))
    .join(' or ');
  const subjects = chosen.map(({ of, set }) => some(of, set));
  if (subjects.length === 0) return isRooted ? `${asking} ${needed}` : `${needed} is needed`;
  const first = chosen[0];
  const isPlural = subjects.length > 1 || (first !== undefined && isMany(first.of, first.set));
  if (needed !== '') return `${subjects.join(' with ')} ${isPlural ? 'need' : 'needs'} ${needed}`;
  if (subjects.length === 1) return `${subjects[0]} cannot be chosen`;
  return `${subjects[0]} cannot be chosen together with ${subjects.slice(1).join(' and ')}`;
}

function isMany(of: Candidates, set: Choices): boolean {
  return of.versions.length > 1 && isWithin(of.every, withAbsence(set));
}

function withAbsence(set: Choices): Choices {
  const copy = set.slice();
  copy[0] = (copy[0] as number) | 1;
  return copy;
}

/** A package with some of its versions. */
function some(of: Candidates, set: Choices): string {
  return isMany(of, set) ? `all versions of ${of.name}` : `${of.name} ${listed(of, set)}`;
}

/** Versions as stretches of what is published; pre-releases between two members do not break a stretch. */
function listed(of: Candidates, set: Choices): string {
  const stretches: { from: number; to: number }[] = [];
  let isBroken = true;
  for (let choice = 1; choice <= of.versions.length; choice += 1) {
    const last = stretches.at(-1);
    if (hasChoice(set, choice)) {
      if (isBroken || last === undefined) stretches.push({ from: choice, to: choice });
      else last.to = choice;
      isBroken = false;
    } else if (of.versions[choice - 1]?.prerelease.length === 0) {
      isBroken = true;
    }
  }
  if (stretches.length === 0) return 'in no version';
  const texts = stretches.map(({ from, to }) =>
    from === to ? of.textOf(from) : `${of.textOf(from)} to ${of.textOf(to)}`,
  );
  if (texts.length <= MAX_STRETCHES) return texts.join(', ');
  const rest = texts.length - MAX_STRETCHES;
  return `${texts.slice(0, MAX_STRETCHES).join(', ')} and ${rest} more`;
}
