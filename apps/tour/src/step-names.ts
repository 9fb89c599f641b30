/** Names of the steps in their order. Stands alone, since options are read before anything is built. */
export const stepNames = [
  'genesis',
  'publish',
  'install',
  'run',
  'remote-memory',
  'settle',
  'recovery',
  'look',
] as const;

/** A step by its name. */
export type StepName = (typeof stepNames)[number];
