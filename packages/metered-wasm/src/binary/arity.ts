import { EMPTY_BLOCK, type Instructions } from './instructions.ts';
import type { FunctionType, ModuleShape } from './module.ts';
import { Op } from './opcodes.ts';

const NOTHING: FunctionType = { params: [], results: [] };

/**
 * Values that the calls, blocks and branches of a body move by their types: one byte may stand for a thousand of them,
 * and a validator works through each. Reads code that no engine has seen yet; indexes out of range count nothing.
 */
export function valuesMoved(
  shape: Pick<ModuleShape, 'types' | 'imports' | 'functions' | 'tags'>,
  code: Instructions,
  own: FunctionType,
): number {
  const { types, imports, functions, tags } = shape;
  const labels: number[] = [own.results.length];
  let moved = 0;
  const typeAt = (index: number | undefined) => types[index ?? -1] ?? NOTHING;
  const branch = (label: number) => {
    moved += labels.at(-1 - label) ?? 0;
  };
  for (let at = 0; at < code.ops.length; at++) {
    const op = code.ops[at] as number;
    const index = code.first[at] as number;
    switch (op) {
      case Op.block:
      case Op.loop:
      case Op.if:
      case Op.try: {
        const single = index === EMPTY_BLOCK ? 0 : 1;
        const { params, results } = index >= 0 ? typeAt(index) : NOTHING;
        labels.push(op === Op.loop ? params.length : index < 0 ? single : results.length);
        moved += params.length + (index < 0 ? single : results.length);
        break;
      }
      case Op.end:
      case Op.delegate:
        labels.pop();
        break;
      case Op.br:
      case Op.brIf:
        branch(index);
        break;
      case Op.brTable:
        for (const label of code.branches.get(at) ?? []) branch(label);
        break;
      case Op.return:
        moved += own.results.length;
        break;
      case Op.throw:
      case Op.catch:
        moved += typeAt(tags[index]).params.length;
        break;
      case Op.call:
      case Op.returnCall:
      case Op.callIndirect:
      case Op.returnCallIndirect: {
        const isIndirect = op === Op.callIndirect || op === Op.returnCallIndirect;
        const callee = index < imports.length ? imports[index]?.type : functions[index - imports.length];
        const { params, results } = typeAt(isIndirect ? index : callee);
        moved += params.length + results.length;
        break;
      }
    }
  }
  return moved;
}
