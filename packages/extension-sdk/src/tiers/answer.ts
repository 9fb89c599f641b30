import { ExtensionError, type GuestEnd } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { type GuestCall, guestError } from './guest.ts';
import { fromWire } from './wire.ts';

/** What a strict guest answers, as its JSON says it. */
export type GuestAnswer =
  | { readonly kind: 'result'; readonly result: JsonValue; readonly state: JsonValue | undefined }
  | { readonly kind: 'calls'; readonly calls: readonly HostCall[] };

/** A call to a capability that a guest wants made. */
export interface HostCall {
  readonly capability: string;
  readonly method: string;
  readonly args: readonly JsonValue[];
}

/** The run of an extension ended without a result. */
export function endedBy(extension: string, reason: GuestEnd, detail: string): ExtensionError {
  return new ExtensionError(
    { code: 'extension/ended', extension, reason, detail: detail.slice(0, 500) },
    detail.slice(0, 500),
  );
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** Reads a call to a capability from a guest; undefined for anything else. */
export function readHostCall(value: JsonValue | undefined): HostCall | undefined {
  if (!isObject(value)) return undefined;
  const { capability, method, args } = value;
  if (
    typeof capability !== 'string' ||
    typeof method !== 'string' ||
    !Array.isArray(args) ||
    args.length > 16
  )
    return undefined;
  return { capability, method, args };
}

/** Reads an answer; throws the guest's own error, or that the answer is none. */
export function readAnswer(extension: string, text: string): GuestAnswer {
  let value: JsonValue;
  try {
    value = fromWire(text);
  } catch (error) {
    throw endedBy(extension, 'bad-answer', error instanceof Error ? error.message : 'no answer');
  }
  if (!isObject(value)) throw endedBy(extension, 'bad-answer', 'the answer is not an object');
  const { result, state, error, calls } = value;
  if (isObject(error)) throw guestError({ ...error, message: error['detail'] });
  if (Array.isArray(calls)) {
    const read = calls.map((each: JsonValue) => readHostCall(each)).filter((each) => each !== undefined);
    if (read.length === 0 || read.length < calls.length)
      throw endedBy(extension, 'bad-answer', 'its calls to the host are malformed');
    return { kind: 'calls', calls: read };
  }
  return { kind: 'result', result: result ?? null, state };
}

/** The part of a request that both strict forms are given; the caller adds how capabilities are reached. */
export function requestOf(call: GuestCall): JsonObject {
  const { target, params, config, state, scope, proof } = call;
  return {
    target: { ...target },
    params: (params ?? null) as JsonValue,
    config,
    state: state.value,
    client: scope.client,
    proof: (proof ?? null) as JsonValue,
  };
}
