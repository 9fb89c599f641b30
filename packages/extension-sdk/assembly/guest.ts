// A guest for the tests of the strict sandbox: an honest operation or two, and every way to misbehave that a module has.

import { log } from "./hm";

export function hm_abi(): i32 {
  return 1;
}

export function hm_alloc(length: i32): usize {
  return heap.alloc(<usize>length);
}

function answer(text: string): i64 {
  const bytes = String.UTF8.encode(text);
  return (<i64>changetype<usize>(bytes) << 32) | <i64>bytes.byteLength;
}

function ask(capability: string, method: string, args: string): string {
  return '{"capability":"' + capability + '","method":"' + method + '","args":[' + args + "]}";
}

function describe(): string {
  const needs = '{"needs":["asset:read"]}';
  const names = ["spin", "bomb", "recurse", "trap", "steal", "forge", "flood", "garbage", "huge", "text"];
  let ops = '"guest.echo":{},"guest.count":{},"guest.ask":' + needs + ',"guest.endless":' + needs;
  for (let i = 0; i < names.length; i++) ops += ',"guest.' + names[i] + '":{}';
  return '{"id":"acme.guest","ops":{' + ops + '},"stateVersion":1}';
}

function deeper(depth: i32): i32 {
  return depth == 0x7fffffff ? 0 : deeper(depth + 1) + 1;
}

/** The JSON value of the field at the end of the request, without the brace that closes it. */
function hasAnswers(input: string): bool {
  return input.indexOf('"answers":[]') < 0;
}

export function hm_call(op: usize, opLength: i32, input: usize, inputLength: i32): i64 {
  const name = String.UTF8.decodeUnsafe(op, opLength);
  const request = String.UTF8.decodeUnsafe(input, inputLength);
  if (name == "describe") return answer(describe());
  if (name == "state initial") return answer('{"result":0}');
  if (name == "state migrate") return answer('{"result":1}');
  if (name == "op guest.echo") return answer('{"result":' + request + "}");
  if (name == "op guest.count") {
    const at = request.indexOf('"state":') + 8;
    const count = I32.parseInt(request.substring(at, request.indexOf(",", at))) + 1;
    return answer('{"result":' + count.toString() + ',"state":' + count.toString() + "}");
  }
  if (name == "op guest.ask" && !hasAnswers(request)) {
    return answer('{"calls":[' + ask("asset:read", "get", '"one"') + "," + ask("asset:read", "get", '"two"') + "]}");
  }
  if (name == "op guest.ask") return answer('{"result":' + request + "}");
  if (name == "op guest.endless") return answer('{"calls":[' + ask("asset:read", "get", '"again"') + "]}");
  if (name == "op guest.steal" && !hasAnswers(request)) {
    return answer('{"calls":[' + ask("asset:write", "put", "") + "," + ask("constructor", "constructor", "") + "]}");
  }
  if (name == "op guest.steal") return answer('{"result":' + request + "}");
  if (name == "op guest.forge") return answer('{"calls":[{"capability":["asset:read"]}]}');
  if (name == "op guest.garbage") return answer('{"result":');
  if (name == "op guest.text") return answer("[1]");
  if (name == "op guest.huge") return (<i64>1 << 32) | 0x7fffffff;
  if (name == "op guest.spin") for (;;) {}
  if (name == "op guest.bomb") for (;;) if (memory.grow(16) < 0) unreachable();
  if (name == "op guest.recurse") return deeper(0);
  if (name == "op guest.flood") {
    for (let i = 0; i < 100000; i++) log(input, inputLength);
    return answer('{"result":true}');
  }
  unreachable();
  return 0;
}
