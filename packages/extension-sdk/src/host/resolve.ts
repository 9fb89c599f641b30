import semver from 'semver';
import type { Dependency, Manifest } from '../manifest/model.ts';

/** Why an extension cannot be loaded with the others that are there. */
export type DependencyRefusal =
  | { readonly code: 'duplicate-id'; readonly detail: string }
  | {
      readonly code: 'dependency-missing';
      readonly dependency: string;
      readonly range: string;
      readonly detail: string;
    }
  | {
      readonly code: 'dependency-mismatch';
      readonly dependency: string;
      readonly range: string;
      readonly found: string;
      readonly detail: string;
    }
  | { readonly code: 'dependency-cycle'; readonly cycle: readonly string[]; readonly detail: string }
  | { readonly code: 'dependency-refused'; readonly dependency: string; readonly detail: string };

/** In which order to load: each level needs only earlier ones. Same manifests, same answer, whatever their order. */
export interface LoadOrder {
  readonly levels: readonly (readonly string[])[];
  readonly refused: ReadonlyMap<string, DependencyRefusal>;
}

type Part = Pick<Manifest, 'id' | 'version' | 'dependencies'>;

/** Orders extensions by what they need. `provided` are versions of what is there already, by id: the host's and loaded ones. */
export function resolveOrder(manifests: readonly Part[], provided: ReadonlyMap<string, string>): LoadOrder {
  const refused = new Map<string, DependencyRefusal>();
  const parts = new Map<string, Part>();
  for (const part of [...manifests].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    if (!parts.has(part.id)) parts.set(part.id, part);
    else refused.set(part.id, { code: 'duplicate-id', detail: `two extensions are called ${part.id}` });
  }
  for (const [id, part] of parts) {
    if (refused.has(id)) continue;
    for (const dependency of sorted(part.dependencies)) {
      const refusal = unmet(dependency, parts.get(dependency.id)?.version ?? provided.get(dependency.id));
      if (refusal !== undefined) {
        refused.set(id, refusal);
        break;
      }
    }
  }
  for (const cycle of cycles(parts)) {
    const detail = `each needs the next: ${cycle.join(' -> ')}`;
    for (const id of cycle)
      if (!refused.has(id)) refused.set(id, { code: 'dependency-cycle', cycle, detail });
  }
  return { levels: levelsOf(parts, refused), refused };
}

function sorted(dependencies: readonly Dependency[]): readonly Dependency[] {
  return [...dependencies].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function unmet({ id, range }: Dependency, found: string | undefined): DependencyRefusal | undefined {
  if (found === undefined) {
    return {
      code: 'dependency-missing',
      dependency: id,
      range,
      detail: `needs ${id} ${range}, which is not there`,
    };
  }
  if (semver.satisfies(found, range)) return undefined;
  return {
    code: 'dependency-mismatch',
    dependency: id,
    range,
    found,
    detail: `needs ${id} ${range}, and ${found} is there`,
  };
}

/** Every cycle that a walk in order of ids closes, whole: first and last are the same. */
function cycles(parts: ReadonlyMap<string, Part>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  for (const start of parts.keys()) {
    // A stack of our own: a chain of a hundred thousand extensions is no reason to fall over.
    const path: { readonly id: string; readonly rest: string[] }[] = [];
    const onPath = new Set<string>();
    const enter = (id: string) => {
      onPath.add(id);
      const needs = sorted(parts.get(id)?.dependencies ?? [])
        .map((each) => each.id)
        .filter((each) => parts.has(each));
      path.push({ id, rest: needs.reverse() });
    };
    if (!done.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.pop();
      if (next === undefined) {
        done.add(top.id);
        onPath.delete(top.id);
        path.pop();
      } else if (onPath.has(next)) {
        const ids = path.map(({ id }) => id);
        found.push([...ids.slice(ids.indexOf(next)), next]);
      } else if (!done.has(next)) enter(next);
    }
  }
  return found;
}

/** Kahn's order by levels; what needs something refused is refused in turn. */
function levelsOf(parts: ReadonlyMap<string, Part>, refused: Map<string, DependencyRefusal>): string[][] {
  const levels: string[][] = [];
  const loaded = new Set<string>();
  let waiting = [...parts.values()].filter(({ id }) => !refused.has(id));
  while (waiting.length > 0) {
    const level: string[] = [];
    const later: Part[] = [];
    let dropped = false;
    for (const part of waiting) {
      const needs = sorted(part.dependencies).filter(({ id }) => parts.has(id));
      const broken = needs.find(({ id }) => refused.has(id));
      if (broken !== undefined) {
        const detail = `needs ${broken.id}, which is refused`;
        refused.set(part.id, { code: 'dependency-refused', dependency: broken.id, detail });
        dropped = true;
      } else if (needs.every(({ id }) => loaded.has(id))) level.push(part.id);
      else later.push(part);
    }
    for (const id of level) loaded.add(id);
    if (level.length > 0) levels.push(level);
    else if (!dropped) throw new TypeError('a cycle was not found');
    waiting = later;
  }
  return levels;
}
