import type { Input, Result, RouteId, Topic } from '@hypermesh/client';
import { type ReadonlySignal, useSignal, useSignalEffect } from '@preact/signals';
import { createContext } from 'preact';
import { useContext, useEffect, useMemo, useRef } from 'preact/hooks';
import type { Api, MeshEvent, ProgressEvent } from './api.ts';
import { type Fault, faultOf } from './fault.ts';
import type { Answer, Keeping, LiveStore } from './live.ts';
import type { EventStream } from './stream.ts';

/** All that pages reach their node by. */
export interface NodeAccess {
  readonly api: Api;
  readonly stream: EventStream;
  readonly store: LiveStore;
}

/** Set by the app around all pages. */
export const NodeContext = createContext<NodeAccess | undefined>(undefined);

/** The node of the pages. Only inside the app. */
export function useNode(): NodeAccess {
  const node = useContext(NodeContext);
  if (node === undefined) throw new TypeError('outside NodeContext');
  return node;
}

/** An answer of the node, kept true by events while the component is there. */
export type Shown<R> = Answer<R> & { refresh(): void };

/**
 * Asks the node for `id` with `params` and keeps the answer true: by `fold` where an event says enough, by asking again
 * where it does not. Parts that ask the same share one answer.
 */
export function useAnswer<Id extends RouteId>(
  id: Id,
  params: Input<Id>,
  keeping: Keeping<Result<Id>>,
): Shown<Result<Id>> {
  const { store } = useNode();
  const key = JSON.stringify(params);
  const live = useMemo(() => store.hold(id, params, keeping), [store, id, key]);
  useEffect(() => live.release, [live]);
  return { ...live.answer.value, refresh: live.refresh };
}

/** Hears events while the component is there. */
export function useEvents(topics: readonly Topic[], hear: (event: MeshEvent) => void): void {
  const { stream } = useNode();
  const latest = useRef(hear);
  latest.current = hear;
  const key = topics.join();
  useEffect(() => stream.listen(topics, (event) => latest.current(event)), [stream, key]);
}

/** Something that a person has the node do. */
export interface Action<Id extends RouteId> {
  readonly isRunning: boolean;
  readonly progress?: ProgressEvent;
  readonly fault?: Fault;
  readonly result?: Result<Id>;
  /** Resolves with the result, or with undefined where it failed or was cancelled: the fault is in `fault`. */
  start(params: Input<Id>): Promise<Result<Id> | undefined>;
  /** Cancels at the node. */
  cancel(): void;
  /** Back to before the start. */
  reset(): void;
}

interface Progressing<R> {
  readonly isRunning: boolean;
  readonly progress?: ProgressEvent;
  readonly fault?: Fault;
  readonly result?: R;
}

/**
 * A call that does something, with its progress. It ends with the component, at the node too, unless it `goesOn`: for
 * what a person may leave alone.
 */
export function useAction<Id extends RouteId>(id: Id, { goesOn = false } = {}): Action<Id> {
  const { api } = useNode();
  const state = useSignal<Progressing<Result<Id>>>({ isRunning: false });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => (goesOn ? undefined : running.current?.abort()), [goesOn]);
  return {
    ...state.value,
    async start(params) {
      running.current?.abort();
      const controller = new AbortController();
      running.current = controller;
      const isCurrent = () => running.current === controller && !controller.signal.aborted;
      state.value = { isRunning: true };
      try {
        const result = await api.call(id, params, {
          signal: controller.signal,
          onProgress(progress) {
            if (isCurrent()) state.value = { isRunning: true, progress };
          },
        });
        if (isCurrent()) state.value = { isRunning: false, result };
        return result;
      } catch (error) {
        if (running.current === controller)
          state.value = controller.signal.aborted
            ? { isRunning: false }
            : { isRunning: false, fault: faultOf(error) };
        return undefined;
      }
    },
    cancel() {
      running.current?.abort();
      state.value = { isRunning: false };
    },
    reset() {
      state.value = { isRunning: false };
    },
  };
}

/** Runs an effect whenever a signal changes, with its value. */
export function useOn<T>(source: ReadonlySignal<T>, run: (value: T) => void): void {
  useSignalEffect(() => run(source.value));
}
