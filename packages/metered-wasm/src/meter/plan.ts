import { readBody } from '../binary/instructions.ts';
import type { ModuleShape } from '../binary/module.ts';
import { refuse } from '../binary/reader.ts';
import { FLOW_WEIGHT, FRAME_UNITS } from '../profile.ts';
import { chargeBlocks } from './blocks.ts';
import type { Plan } from './emit.ts';
import { FloatAnalysis } from './floats.ts';
import { boundStack } from './stack-bound.ts';

const V128 = 0x7b;
const widthOf = (type: number): number => (type === V128 ? 2 : 1);

/** Reads and analyses each body, and settles which functions count their stack. */
export function planFunctions(shape: ModuleShape): Plan[] {
  // Values of a vector may come from calls too, where a signature of the module has them.
  const passesVectors = shape.types.some(({ params, results }) => [...params, ...results].includes(V128));
  let weight = 0;
  const plans: Plan[] = shape.bodies.map((body, own) => {
    const type = shape.types[shape.functions[own] as number] as Plan['type'];
    const code = readBody(shape.bytes, body.code, body.to);
    const localTypes = [...type.params];
    for (const { count, type: localType } of body.locals) {
      for (let left = count; left > 0; left--) localTypes.push(localType);
    }
    const charges = chargeBlocks(code, body.localCount, shape.imports.length);
    const floats = new FloatAnalysis(shape, code, type, localTypes).run();
    weight += floats.weight;
    if (weight > FLOW_WEIGHT.inModule) {
      refuse('too-large', `control flow that weighs more than ${FLOW_WEIGHT.inModule}`);
    }
    return { body, type, code, charges, floats, stackUnits: 0 };
  });
  const units = boundStack(
    shape,
    plans.map(({ body, type, charges, floats }) => ({
      frameUnits:
        FRAME_UNITS +
        type.params.reduce((sum, each) => sum + widthOf(each), 0) +
        body.locals.reduce((sum, run) => sum + run.count * widthOf(run.type), 0) +
        floats.maxHeight * (floats.usesSimd || passesVectors ? 2 : 1),
      callees: charges.callees,
      indirectTypes: charges.indirectTypes,
    })),
  );
  return plans.map((plan, own) => ({ ...plan, stackUnits: units[own] as number }));
}
