export { createProofFixture, type ProofFixture, type ProofFixtureOptions } from './proof-fixture.ts';
export { tamper } from './tamper.ts';
