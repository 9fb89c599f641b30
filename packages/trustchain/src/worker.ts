import { parentPort } from 'node:worker_threads';
import {
  type FalconBackendName,
  type FalconEngine,
  openFalconEngine,
  performFalconTask,
} from './suite/falcon-engine.ts';
import type { FalconAnswer, FalconRequest } from './suite/falcon-task.ts';

// Entry of the worker that does slow cryptography off the main thread; imported elsewhere it does nothing.

const engines = new Map<FalconBackendName, Promise<FalconEngine>>();

async function answer({ id, work }: FalconRequest): Promise<FalconAnswer> {
  const engine = engines.get(work.backend) ?? openFalconEngine(work.backend);
  engines.set(work.backend, engine);
  const opened = await engine.catch((error: unknown) => error as Error);
  if (opened instanceof Error) return { id, ok: false, failed: 'engine', message: opened.message };
  try {
    return { id, ok: true, result: await performFalconTask(opened, work) };
  } catch (error) {
    return { id, ok: false, failed: 'work', message: error instanceof Error ? error.message : 'refused' };
  }
}

parentPort?.on('message', async (request: FalconRequest) => {
  parentPort?.postMessage(await answer(request));
});
