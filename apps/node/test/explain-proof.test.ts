import { profileOf, regenerationMs } from '@hypermesh/consensus';
import { describe, expect, it } from 'vitest';
import { explainProof, passesWith } from '../src/cli/explain-proof.ts';
import type { ProofTerms } from '../src/ledger/proof-terms.ts';

const measured = { hashMs: 10, delayMs: 120 };

function terms(name: 'localhost' | 'default' | 'production', validators = 4): ProofTerms {
  const { minimumPower, minimumSpaceBytes, regenerationSpeedup, ...profile } = profileOf(name);
  return {
    profile: {
      ...profile,
      minimumPower: minimumPower.toString(),
      minimumSpaceBytes: minimumSpaceBytes.toString(),
      regenerationSpeedup: regenerationSpeedup ?? null,
      regenerationMs: regenerationMs(profile.minimumK),
    },
    validators,
    faultsTolerated: Math.floor((validators - 1) / 3),
    members: ['amber', 'birch'].map((each) => ({
      name: each,
      power: '1000000',
      bond: 'bonded' as const,
      renewedMs: 0,
      spaceBytes: '4849664',
      plots: [{ k: 18, count: 1 }],
    })),
  };
}

const words = (of: ProofTerms): string =>
  explainProof(of, measured)
    .flatMap(({ shows, forging, doesNotShow }) => [...shows, ...forging, doesNotShow])
    .join('\n');

describe('what a proof shows', () => {
  it('has the chances that the readme of consensus says: 99, 85, 39 and 3 of 100 draws', () => {
    const profile = profileOf('localhost');
    const chances = [1, 0.75, 0.5, 0.25].map((share) => Math.round(passesWith(share, profile) * 100));
    expect(chances).toEqual([99, 85, 39, 3]);
    expect(passesWith(0, profile)).toBe(0);
    expect(passesWith(1, { challenges: 1, minimumAnswers: 0 })).toBeCloseTo(1);
  });

  it('is computed from the profile: in localhost the leg of space costs a forger nothing, in production it does', () => {
    const local = words(terms('localhost'));
    expect(local).toContain(
      'make a plot of k = 18 anew for each draw: about 605 ms of one core, and 5 min are allowed',
    );
    expect(local).toContain('next to nothing');
    expect(local).toContain('About 4 evaluations of argon2id over 4.2 MB each');
    expect(local).toContain('Here 40 ms of one core for an operation, 40.0 s for a thousand');
    expect(local).toContain('while one owner runs them all, that is one person');
    const production = words(terms('production'));
    expect(production).toContain('k = 32');
    expect(production).toMatch(/a plotter 330 times as fast is needed/);
    expect(production).toContain('About 1,024 evaluations of argon2id over 16.8 MB each');
    expect(production).not.toContain('next to nothing');
    expect(production).not.toContain('that is one person');
  });

  it.each([
    [1, 'its one validator decides alone'],
    [3, '3 validators bear no faulty one'],
    [4, '2 of 4 validators that sign contradictions together'],
    [7, '3 of 7 validators that sign contradictions together'],
  ])('says what %i validators are worth', (validators, says) => {
    expect(words(terms('default', validators))).toContain(says);
  });

  it('has four legs with the numbers that the words stand on, and says of each what it does not show', () => {
    const legs = explainProof(terms('default'), measured);
    expect(legs.map(({ leg, question }) => [leg, question])).toEqual([
      ['space', 'WHERE'],
      ['time', 'WHEN'],
      ['work', 'WHAT'],
      ['stake', 'WHO'],
    ]);
    expect(legs[1]?.numbers).toEqual({ iterations: 2 ** 18, delayMs: 120, windowMs: 60_000 });
    expect(legs[2]?.numbers).toMatchObject({ difficulty: 8, tries: 256, onAverageMs: 2560 });
    expect(legs[3]?.numbers).toMatchObject({ totalPower: '2000000', bonded: 2, contradictingNeeded: 2 });
    for (const { doesNotShow, forging } of legs) {
      expect(doesNotShow).not.toBe('');
      expect(forging.length).toBeGreaterThan(0);
    }
  });

  it('says of a bond that was taken away that it was', () => {
    const mesh = terms('localhost');
    const [first, ...others] = mesh.members;
    const slashed = { ...mesh, members: [{ ...first, bond: 'slashed' } as never, ...others] };
    expect(words(slashed)).toContain('1 bonds were taken away');
    expect(words(mesh)).toContain('not punished yet');
  });
});
