import { NodeError } from '../errors.ts';
import type { ExplainOutcome } from '../run/asking.ts';
import type { NodeStatus } from '../status.ts';
import type { Balances } from '../wallet/service.ts';
import type { Invocation } from './command.ts';
import { callNode, memberCalled } from './control.ts';

/** What `hypermesh run` asks for unless it is told otherwise: as its help says. */
const defaults = { fuel: '10000000000', memory: '1024', deadline: '30000', price: '10' } as const;

/** Who would be asked to run a package, in which order, and the most it can cost. Asks, and leases nothing. */
export async function planRun(invocation: Invocation): Promise<object> {
  const { flags, positionals, output } = invocation;
  const given = (name: keyof typeof defaults) => String(flags[name] ?? defaults[name]);
  const { members } = await callNode<NodeStatus>(invocation, 'status', {});
  const on = flags['on'] === undefined ? undefined : await otherMember(invocation, '--on');
  const audit = flags['audit'] === undefined ? undefined : await otherMember(invocation, '--audit');
  const found = await callNode<ExplainOutcome>(invocation, 'explain', {
    spec: positionals[0],
    fuel: given('fuel'),
    memoryPages: given('memory'),
    deadlineMs: given('deadline'),
  });
  const others = members.filter(({ self }) => !self).map(({ name }) => name);
  const asked = on === undefined ? others.filter((name) => name !== audit) : [on];
  const order = asked.map((name) => ({
    name,
    canRun: found.nodes.find((node) => node.name === name)?.canRun ?? null,
  }));
  const first = order[0]?.name;
  const again = audit ?? others.findLast((name) => name !== first);
  const [fuel, price] = [BigInt(given('fuel')), BigInt(given('price'))];
  const { escrowOf } = await import('../wallet/price.ts');
  const most = escrowOf({ fuel, price });
  if (most === undefined) {
    const next = 'lower --fuel or --price';
    throw new NodeError(
      { code: 'node/bad-flag', flag: '--fuel', next },
      'No account could hold what it may cost',
    );
  }
  const { own } = await callNode<{ own: Balances['own'] }>(invocation, 'wallet', {});
  const isPayable = BigInt(own.available) >= most;
  const canRun = order.some((each) => each.canRun === true);
  const partners = new Set([...order.map(({ name }) => name), ...(again === undefined ? [] : [again])]);
  output.line(`Would have ${found.package} run`);
  for (const { name, canRun: can } of order)
    output.line(
      `  ask      ${name}: ${can === null ? 'does not answer' : can ? 'can run it' : 'cannot run it'}`,
    );
  output.line(`  again    ${again ?? 'by nobody: there is no third member'}`);
  output.line(`  at most  ${most} base units for ${fuel} fuel, put aside until it is settled`);
  output.line(`  to spend ${own.available}${isPayable ? '' : ': NOT ENOUGH'}`, isPayable ? undefined : 'bad');
  output.line(
    `  shared   with ${[...partners].join(' and ')}: the input; with every member: the lease and its terms`,
  );
  if (!canRun) output.line(`  hypermesh explain ${positionals[0]} says why`, 'bad');
  return {
    dryRun: true,
    ok: canRun && isPayable,
    package: found.package,
    asked: order,
    executedAgainBy: again ?? null,
    fuel: fuel.toString(),
    price: price.toString(),
    mostCost: most.toString(),
    available: own.available,
  };

  async function otherMember(of: Invocation, flag: '--on' | '--audit'): Promise<string> {
    const { name, self } = await memberCalled(of, String(of.flags[flag.slice(2)]));
    if (!self) return name;
    const next = `name another member: ${members
      .filter((each) => !each.self)
      .map((each) => each.name)
      .join(', ')}`;
    throw new NodeError({ code: 'node/bad-flag', flag, next }, `${name} is this node itself`);
  }
}
