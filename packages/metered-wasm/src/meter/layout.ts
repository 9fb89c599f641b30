import { type FunctionType, type ModuleShape, typeKey } from '../binary/module.ts';

/** Where metering puts what it adds: behind everything that the module has, so that no index moves. */
export class Layout {
  readonly shape: ModuleShape;
  readonly memoryMax: number;
  readonly tableMax: readonly number[];
  readonly fuel: number;
  readonly state: number;
  readonly stack: number;
  /** Units of stack that a run has. */
  readonly stackUnits: number;
  /** Types that were added, in order. */
  readonly addedTypes: FunctionType[] = [];
  /** Routines that were added, in order; each takes and gives an i32. */
  readonly routines: string[] = [];
  readonly #typeIndexes = new Map<string, number>();

  constructor(shape: ModuleShape, memoryMax: number, tableMax: readonly number[], stackUnits: number) {
    this.stackUnits = stackUnits;
    this.shape = shape;
    this.memoryMax = memoryMax;
    this.tableMax = tableMax;
    this.fuel = shape.globalCount;
    this.state = shape.globalCount + 1;
    this.stack = shape.globalCount + 2;
    shape.types.forEach((type, index) => {
      const key = typeKey(type);
      if (!this.#typeIndexes.has(key)) this.#typeIndexes.set(key, index);
    });
  }

  /** Index of a type that equals `type`, added if the module has none. */
  typeIndex(type: FunctionType): number {
    const key = typeKey(type);
    const known = this.#typeIndexes.get(key);
    if (known !== undefined) return known;
    const index = this.shape.types.length + this.addedTypes.length;
    this.addedTypes.push(type);
    this.#typeIndexes.set(key, index);
    return index;
  }

  /** Function index of a routine, added at its first use. */
  routine(name: 'bytes' | 'elements' | 'memory.grow' | `table.grow ${number}`): number {
    let at = this.routines.indexOf(name);
    if (at < 0) at = this.routines.push(name) - 1;
    return this.shape.imports.length + this.shape.functions.length + at;
  }
}
