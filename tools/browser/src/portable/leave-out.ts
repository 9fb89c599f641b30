import { beforeEach } from 'vitest';
import { needsNode } from './packages.ts';

// Runs in the browser before each test: leaves out what cannot run there, by its reason.
beforeEach((context) => {
  const reason = needsNode(context.task.file.name, context.task.fullTestName);
  if (reason !== undefined) context.skip(`needs Node: ${reason}`);
});
