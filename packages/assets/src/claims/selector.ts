import type { Verdict } from '@hypermesh/core';
import type { Attributes } from '../identity/asset.ts';

/** A value that a selector compares with. */
export type SelectorValue = string | number | boolean;

/** Which assets will do, by their attributes. A comparison with an attribute that is not there is false. */
export type Selector =
  | { readonly eq: readonly [attribute: string, value: SelectorValue] }
  | { readonly in: readonly [attribute: string, values: readonly SelectorValue[]] }
  | { readonly ge: readonly [attribute: string, least: number] }
  | { readonly le: readonly [attribute: string, most: number] }
  /** A list attribute holds the text. */
  | { readonly has: readonly [attribute: string, text: string] }
  | { readonly all: readonly Selector[] }
  | { readonly any: readonly Selector[] }
  | { readonly not: Selector };

/** Why a value is no selector. */
export type SelectorReason = 'malformed' | 'too-deep' | 'too-large';

/** How deep a selector may be and how many parts it may have. */
const selectorLimits = { depth: 16, parts: 256 } as const;

/** Whether a value from anybody is a selector within bounds; never throws. */
export function checkSelector(value: unknown): Verdict<{ selector: Selector }, SelectorReason> {
  let parts = 0;
  const fault = (part: unknown, depth: number): SelectorReason | undefined => {
    parts += 1;
    if (depth > selectorLimits.depth) return 'too-deep';
    if (parts > selectorLimits.parts) return 'too-large';
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return 'malformed';
    const [entry, ...more] = Object.entries(part);
    if (entry === undefined || more.length > 0) return 'malformed';
    const [operator, operand] = entry as [string, unknown];
    if (operator === 'not') return fault(operand, depth + 1);
    if (!Array.isArray(operand)) return 'malformed';
    if (operator === 'all' || operator === 'any') {
      for (const inner of operand) {
        const found = fault(inner, depth + 1);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    return operand.length === 2 && typeof operand[0] === 'string' && isOperand(operator, operand[1])
      ? undefined
      : 'malformed';
  };
  const found = fault(value, 1);
  return found === undefined ? { ok: true, selector: value as Selector } : { ok: false, reason: found };
}

function isOperand(operator: string, operand: unknown): boolean {
  const isValue = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);
  switch (operator) {
    case 'eq':
      return isValue(operand);
    case 'in':
      return Array.isArray(operand) && operand.length <= 256 && operand.every(isValue);
    case 'ge':
    case 'le':
      return typeof operand === 'number' && !Number.isNaN(operand);
    case 'has':
      return typeof operand === 'string';
    default:
      return false;
  }
}

/** Whether attributes meet a selector that `checkSelector` passed. */
export function matches(selector: Selector, attributes: Attributes): boolean {
  const attribute = (name: string) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined);
  if ('all' in selector) return selector.all.every((part) => matches(part, attributes));
  if ('any' in selector) return selector.any.some((part) => matches(part, attributes));
  if ('not' in selector) return !matches(selector.not, attributes);
  if ('eq' in selector) return attribute(selector.eq[0]) === selector.eq[1];
  if ('in' in selector) return selector.in[1].some((value) => value === attribute(selector.in[0]));
  if ('has' in selector) {
    const list = attribute(selector.has[0]);
    return Array.isArray(list) && list.includes(selector.has[1]);
  }
  const [name, bound] = 'ge' in selector ? selector.ge : selector.le;
  const value = attribute(name);
  return typeof value === 'number' && ('ge' in selector ? value >= bound : value <= bound);
}
