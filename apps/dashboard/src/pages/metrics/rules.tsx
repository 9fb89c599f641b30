import type { Input, Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { mayAct } from '../../app/access.ts';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatDuration } from '../../format/times.ts';
import { Acts } from '../../parts/acts.tsx';
import { Badge } from '../../parts/badge.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { Answered, FaultNote, Note } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { toast } from '../../parts/toasts.tsx';
import { RuleForm } from './rule-form.tsx';
import { wordsOfRule } from './rule-words.ts';

type Answer = Result<'alert-rules'>;
type Rule = Answer['rules'][number];
type Change = Input<'set-alert-rules'>;

/** The rules that make alerts: those of the node, switched on and off, and those of its operator. */
export function Rules() {
  const rules = useAnswer('alert-rules', {}, { topics: ['alerts'], everyMs: 60_000 });
  const setting = useAction('set-alert-rules');
  const edited = useSignal<Rule | 'new' | undefined>(undefined);
  // Read here and not below, so that it is this component that is drawn again.
  const shown = edited.value;
  const change = async (next: Change, said: string): Promise<boolean> => {
    const result = await setting.start(next);
    if (result === undefined) return false;
    rules.refresh();
    toast('done', said);
    return true;
  };
  return (
    <Panel
      title="Rules"
      isWide
      aside={
        <Acts>
          <button
            type="button"
            class="button"
            onClick={() => {
              edited.value = 'new';
            }}
          >
            New rule
          </button>
        </Acts>
      }
    >
      {setting.fault === undefined ? null : <FaultNote fault={setting.fault} />}
      <Answered answer={rules}>
        {(value) => {
          const own = ownOf(value);
          const remove = async (rule: Rule) => {
            const isSure = await confirm(`Remove the rule ${rule.name}?`, {
              act: 'Remove',
              isDangerous: true,
              body: <p>{rule.summary}. Nobody is told of it any more.</p>,
            });
            const rest = own.filter(({ name }) => name !== rule.name);
            if (isSure) await change({ disable: [...value.disabled], rule: rest }, `${rule.name} is gone`);
          };
          const toggle = (name: string) => {
            const isOff = value.disabled.includes(name);
            const disable = isOff
              ? value.disabled.filter((each) => each !== name)
              : [...value.disabled, name];
            return change({ disable, rule: own }, `${name} is ${isOff ? 'on' : 'off'}`);
          };
          return (
            <>
              {value.problem === undefined ? null : (
                <Note tone="warn">
                  <p>The file of rules cannot be used, so the rules before it hold: {value.problem}</p>
                </Note>
              )}
              <Table
                caption="Rules of alerts"
                columns={columnsWith({
                  toggle,
                  remove,
                  edit: (rule) => {
                    edited.value = rule;
                  },
                }).filter(({ id }) => mayAct.value || id !== 'acts')}
                rows={value.rules}
                keyOf={({ name }) => name}
                textOf={({ name, summary }) => `${name} ${summary}`}
                empty={<p class="muted">Every rule is switched off.</p>}
              />
              {value.disabled.length === 0 ? null : (
                <p>
                  Switched off:{' '}
                  {value.disabled.map((name) =>
                    !mayAct.value ? (
                      `${name} `
                    ) : (
                      <button key={name} type="button" class="button" onClick={() => toggle(name)}>
                        Switch {name} on
                      </button>
                    ),
                  )}
                </p>
              )}
              {shown === undefined ? null : (
                <RuleForm
                  rule={shown === 'new' ? undefined : shown}
                  onClose={() => {
                    edited.value = undefined;
                  }}
                  onSave={(rule) =>
                    change(
                      {
                        disable: [...value.disabled],
                        rule: [...own.filter(({ name }) => name !== rule.name), rule],
                      },
                      `${rule.name} holds`,
                    )
                  }
                  fault={setting.fault}
                />
              )}
            </>
          );
        }}
      </Answered>
    </Panel>
  );
}

/** The operator's own rules, as they are handed in. */
function ownOf({ rules }: Answer): NonNullable<Change['rule']> {
  return rules.filter(({ isDefault }) => !isDefault).map(({ isDefault: _, ...rule }) => rule);
}

interface RuleActs {
  toggle(name: string): unknown;
  remove(rule: Rule): unknown;
  edit(rule: Rule): void;
}

const columnsWith = ({ toggle, remove, edit }: RuleActs): readonly Column<Rule>[] => [
  { id: 'name', title: 'Rule', cell: ({ name }) => <code>{name}</code>, sortBy: ({ name }) => name },
  {
    id: 'severity',
    title: 'How bad',
    cell: ({ severity }) => <Badge tone={severity === 'critical' ? 'bad' : 'warn'}>{severity}</Badge>,
    sortBy: ({ severity }) => severity,
    from: 'medium',
  },
  {
    id: 'summary',
    title: 'Says',
    cell: ({ summary }) => <span class="wrap">{summary}</span>,
    from: 'medium',
  },
  { id: 'when', title: 'When', cell: (rule) => <code class="wrap">{wordsOfRule(rule)}</code>, from: 'wide' },
  {
    id: 'for',
    title: 'For',
    cell: ({ forS }) => formatDuration(forS * 1000),
    sortBy: ({ forS }) => forS,
    isNumber: true,
    from: 'wide',
  },
  {
    id: 'acts',
    title: 'Change',
    cell: (rule) => (
      <span class="list">
        <button
          type="button"
          class="button"
          aria-label={`Change the rule ${rule.name}`}
          onClick={() => edit(rule)}
        >
          Change
        </button>
        {rule.isDefault ? (
          <button
            type="button"
            class="button"
            aria-label={`Switch the rule ${rule.name} off`}
            onClick={() => toggle(rule.name)}
          >
            Off
          </button>
        ) : (
          <button
            type="button"
            class="button"
            aria-label={`Remove the rule ${rule.name}`}
            onClick={() => remove(rule)}
          >
            Remove
          </button>
        )}
      </span>
    ),
  },
];
