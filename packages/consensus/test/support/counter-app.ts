import { sha256, utf8 } from '@hypermesh/core';
import type { App } from '../../src/index.ts';

/** An application whose state is the list of everything it executed; refuses the text `bad…`. */
export interface CounterApp extends App {
  readonly applied: string[];
  readonly checks: Map<string, number>;
}

export function createCounterApp(): CounterApp {
  const applied: string[] = [];
  const known = new Set<string>();
  const checks = new Map<string, number>();
  let height = 0;
  let root = sha256(utf8('counter'));
  const textOf = (tx: Uint8Array): string => new TextDecoder().decode(tx);
  const verdict = (tx: Uint8Array) =>
    textOf(tx).startsWith('bad') ? ({ ok: false, reason: 'bad' } as const) : ({ ok: true } as const);
  return {
    applied,
    checks,
    async checkTx(tx) {
      checks.set(textOf(tx), (checks.get(textOf(tx)) ?? 0) + 1);
      return verdict(tx);
    },
    recheckTx: verdict,
    async apply({ header, txs }) {
      const results = txs.map((tx) => {
        const text = textOf(tx);
        const isNew = !known.has(text);
        known.add(text);
        if (isNew) applied.push(text);
        root = sha256(root, tx);
        return { code: isNew ? 'ok' : 'replayed' };
      });
      height = header.height;
      return { stateRoot: root, results };
    },
    appliedHeight: () => height,
    stateRoot: () => root,
  };
}
