/** How a limit holds: before it is passed; after the fact, by ending the program; or only by being told. */
export type Enforcement = 'hard' | 'reactive' | 'advisory';

/** One limit of a run and how it is enforced, in words for people. */
export interface Limit {
  readonly name:
    | 'fuel'
    | 'memory'
    | 'stack'
    | 'output'
    | 'deadline'
    | 'cpu'
    | 'network'
    | 'files'
    | 'clock'
    | 'randomness';
  readonly enforcement: Enforcement;
  readonly how: string;
}

/** What holds for every program that runs as metered WebAssembly, be it one itself or its interpreter. */
export const METERED_LIMITS: readonly Limit[] = [
  { name: 'fuel', enforcement: 'hard', how: 'each run of instructions is paid for before it executes' },
  { name: 'stack', enforcement: 'hard', how: 'functions that can recurse count what they take of the stack' },
  { name: 'output', enforcement: 'hard', how: 'a longer output is not copied out of the program' },
  { name: 'deadline', enforcement: 'reactive', how: 'a timer of the node ends the thread' },
  {
    name: 'cpu',
    enforcement: 'advisory',
    how: 'a run takes one thread whole while it runs; its fuel bounds the sum',
  },
  { name: 'network', enforcement: 'hard', how: 'nothing that a program can call leads there' },
  { name: 'files', enforcement: 'hard', how: 'nothing that a program can call leads there' },
];
