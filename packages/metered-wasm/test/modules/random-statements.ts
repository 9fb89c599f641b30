import { F32, F64, FUNCREF, I32, I64, type Signature, signed, unsigned, V128 } from './encoder.ts';
import { FUNCTIONS, type Label, RandomValues, VALUE_TYPES } from './random-values.ts';

const LOOP_TURNS = 5;

/** Writes what has an effect and no result. */
export class RandomStatements extends RandomValues {
  /** Something without a result. */
  protected override statement(depth: number): void {
    const dice = this.dice;
    if (depth <= 0 || this.budget <= 0) return;
    const roll = dice.below(100);
    if (roll < 25) {
      const type = dice.pick(VALUE_TYPES);
      this.value(type, depth);
      this.emit(0x21, ...unsigned(this.local(type)));
    } else if (roll < 40) this.store(depth);
    else if (roll < 52) this.loop(depth);
    else if (roll < 62) this.branchingBlock(depth);
    else if (roll < 70) this.bulk(depth);
    else if (roll < 76) {
      const global = dice.below(this.globalTypes.length);
      this.value(this.globalTypes[global] as number, depth - 1);
      this.emit(0x24, global);
    } else if (roll < 84) this.callStatement(depth);
    else if (roll < 88) this.leaveEarly(depth);
    else if (roll < 93) this.switch(depth);
    else if (roll < 96 && this.options.withExceptions === true) this.try(depth);
    else {
      this.value(dice.pick(VALUE_TYPES), depth - 1);
      this.emit(0x1a);
    }
  }

  protected store(depth: number): void {
    const type = this.dice.pick(this.options.arithmeticFloatsOnly === true ? [F32, F64, I32] : VALUE_TYPES);
    const stores: Record<number, readonly number[][]> = {
      [I32]: [
        [0x36, 2],
        [0x3a, 0],
        [0x3b, 1],
      ],
      [I64]: [
        [0x37, 3],
        [0x3e, 2],
      ],
      [F32]: [[0x38, 2]],
      [F64]: [[0x39, 3]],
      [V128]: [[0xfd, 0x0b, 4]],
    };
    this.address(type);
    this.value(type, depth - 1);
    this.emit(...this.dice.pick(stores[type] ?? []), ...unsigned(8 * this.dice.below(8)));
  }

  protected loop(depth: number): void {
    const counter = this.locals.push(I32) - 1;
    this.reserved.add(counter);
    this.emit(0x41, 0);
    this.emit(0x21, ...unsigned(counter));
    this.block(undefined, 0x03);
    for (let left = 1 + this.dice.below(2); left > 0; left--) this.statement(depth - 1);
    this.emit(0x20, ...unsigned(counter));
    this.emit(0x41, 1);
    this.emit(0x6a);
    this.emit(0x22, ...unsigned(counter));
    this.emit(0x41, LOOP_TURNS);
    this.emit(0x48);
    this.emit(0x0d, 0);
    if (this.dice.chance(40)) this.statement(depth - 2);
    this.end();
  }

  protected branchingBlock(depth: number): void {
    this.block(undefined, 0x02);
    this.statement(depth - 1);
    this.value(I32, depth - 1);
    this.emit(0x0d, 0);
    this.statement(depth - 1);
    if (this.dice.chance(30)) this.emit(0x0c, 0);
    this.end();
    if (this.dice.chance(30)) this.emit(0x01);
  }

  protected switch(depth: number): void {
    for (let left = 3; left > 0; left--) this.block(undefined, 0x02);
    this.value(I32, depth - 1);
    this.emit(0x0e, 3, 0, 1, 2, 1);
    for (let left = 3; left > 0; left--) {
      this.end();
      this.statement(depth - 2);
    }
  }

  /** A branch to a label that takes no values, or a return, behind a condition. */
  protected leaveEarly(depth: number): void {
    const targets = this.labels.flatMap((label, at) =>
      at > 0 && !label.isLoop && label.results.length === 0 ? [this.labels.length - 1 - at] : [],
    );
    this.value(I32, depth - 1);
    this.block(undefined, 0x04);
    if (targets.length > 0 && this.dice.chance(50)) {
      this.emit(0x0c, ...unsigned(1 + this.dice.pick(targets)));
    } else {
      const { results } = this.labels[0] as Label;
      const same = this.functionTypes.flatMap((type, index) =>
        index > this.self && `${(this.types[type] as Signature).results}` === `${results}` ? [index] : [],
      );
      if (same.length > 0 && this.dice.chance(40)) {
        const callee = this.dice.pick(same);
        const type = this.functionTypes[callee] as number;
        for (const param of (this.types[type] as Signature).params) this.value(param, depth - 1);
        this.emit(0x12, ...unsigned(callee));
      } else {
        for (const result of results) this.value(result, depth - 1);
        this.emit(0x0f);
      }
    }
    this.end();
  }

  protected callStatement(depth: number): void {
    if (this.self + 1 >= FUNCTIONS) return;
    const callee = this.self + 1 + this.dice.below(FUNCTIONS - this.self - 1);
    this.call(callee, depth);
    const { results } = this.types[this.functionTypes[callee] as number] as Signature;
    for (const _ of results) this.emit(0x1a);
  }

  protected bulk(depth: number): void {
    const small = () => {
      this.value(I32, depth - 1);
      this.emit(0x41, ...signed(63));
      this.emit(0x71);
    };
    switch (this.dice.below(8)) {
      case 0:
        this.address(I32);
        this.value(I32, depth - 1);
        small();
        this.emit(0xfc, 11, 0);
        return;
      case 1:
        this.address(I32);
        this.address(I32);
        small();
        this.emit(0xfc, 10, 0, 0);
        return;
      case 2:
        this.address(I32);
        this.emit(0x41, 0);
        this.emit(0x41, ...signed(this.dice.below(44)));
        this.emit(0xfc, 8, 0, 0);
        return;
      case 3:
        this.emit(0x41, this.dice.below(3));
        this.emit(0x40, 0);
        this.emit(0x21, ...unsigned(this.local(I32)));
        return;
      case 4:
        this.emit(0xd0, FUNCREF);
        this.emit(0x41, this.dice.below(20));
        this.emit(0xfc, 15, 0);
        this.emit(0x21, ...unsigned(this.local(I32)));
        return;
      case 5:
        this.emit(0x41, FUNCTIONS);
        this.emit(0xd2, this.dice.below(FUNCTIONS));
        this.emit(0x41, this.dice.below(2));
        this.emit(0xfc, 17, 0);
        return;
      case 6:
        this.emit(0x41, 0);
        this.emit(0x41, 0);
        this.emit(0x41, this.dice.below(FUNCTIONS));
        this.emit(0xfc, 14, 0, 0);
        return;
      default:
        this.emit(0x3f, 0);
        this.emit(0x21, ...unsigned(this.local(I32)));
        return;
    }
  }

  protected try(depth: number): void {
    this.block(undefined, 0x06);
    this.statement(depth - 1);
    this.value(I32, depth - 1);
    this.block(undefined, 0x04);
    this.value(I32, depth - 1);
    this.emit(0x08, 0);
    this.end();
    this.statement(depth - 1);
    if (this.dice.chance(70)) {
      this.emit(0x07, 0);
      this.emit(0x21, ...unsigned(this.local(I32)));
    } else {
      this.emit(0x19);
    }
    this.statement(depth - 1);
    this.end();
  }
}
