import { Dice } from './dice.ts';
import {
  doubleBytes,
  F32,
  F64,
  type FunctionSpec,
  floatBytes,
  I32,
  I64,
  type ModuleSpec,
  type Signature,
  signed,
} from './encoder.ts';
import { RandomStatements } from './random-statements.ts';
import { FUNCTIONS, type RandomOptions, VALUE_TYPES } from './random-values.ts';

/**
 * Builds a valid module from a seed. Functions call only later ones, loops count their turns, so every call ends.
 * Export `run` is function 0 of type (i32, i64) -> (i32).
 */
export function randomModule(seed: number, options: RandomOptions = {}): ModuleSpec {
  return new ModuleBuilder(new Dice(seed), options).build();
}

class ModuleBuilder extends RandomStatements {
  build(): ModuleSpec {
    const dice = this.dice;
    for (let count = 1; count < FUNCTIONS; count++) {
      const params = Array.from({ length: dice.below(4) }, () => dice.pick(VALUE_TYPES));
      const results = Array.from({ length: dice.below(3) }, () => dice.pick(VALUE_TYPES));
      this.functionTypes.push(this.typeIndex({ params, results }));
    }
    const functions = this.functionTypes.map((type, index) => this.function(type, index));
    return {
      types: this.types,
      functions,
      tables: [{ min: FUNCTIONS, max: 40 }],
      memory: { min: 1, max: 4 },
      tags: [this.typeIndex({ params: [I32], results: [] })],
      globals: [
        { type: I32, init: [0x41, ...signed(7)] },
        { type: I64, init: [0x42, ...signed(-9)] },
        { type: F32, init: [0x43, ...floatBytes(1.5)] },
        { type: F64, init: [0x44, ...doubleBytes(-0.25)] },
      ],
      exports: [
        { name: 'run', kind: 0, index: 0 },
        { name: 'memory', kind: 2, index: 0 },
        { name: 'g0', kind: 3, index: 0 },
        { name: 'g1', kind: 3, index: 1 },
      ],
      elements: Array.from({ length: FUNCTIONS }, (_, index) => index),
      data: [Array.from({ length: 40 }, (_, at) => (at * 7) & 0xff)],
    };
  }

  protected typeIndex(type: Signature): number {
    const same = this.types.findIndex(
      (each) => `${each.params}>${each.results}` === `${type.params}>${type.results}`,
    );
    return same >= 0 ? same : this.types.push(type) - 1;
  }

  protected function(type: number, index: number): FunctionSpec {
    const dice = this.dice;
    const { params, results } = this.types[type] as Signature;
    const locals = Array.from({ length: dice.below(12) }, () => dice.pick(VALUE_TYPES));
    this.locals = [...params, ...locals];
    this.reserved = new Set();
    this.scratch = new Map();
    this.labels = [{ results, isLoop: false }];
    this.self = index;
    this.budget = 120;
    this.out = [];
    for (let left = 1 + dice.below(6); left > 0; left--) this.statement(4);
    for (const result of results) this.value(result, 4);
    return { type, locals: this.locals.slice(params.length), body: this.out };
  }
}
