import type { Input, Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import type { Fault } from '../../data/fault.ts';
import { useAnswer } from '../../data/node.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';

type Rule = Result<'alert-rules'>['rules'][number];
export type RuleInput = NonNullable<Input<'set-alert-rules'>['rule']>[number];
type Condition = RuleInput['when'][number];

const takes = ['value', 'increase', 'rate'] as const;
const signs = ['>', '>=', '<', '<='] as const;

/** Makes or changes a rule: one condition here; those of a rule that has more stay as they are. */
export function RuleForm({
  rule,
  onClose,
  onSave,
  fault,
}: {
  readonly rule: Rule | undefined;
  readonly onClose: () => void;
  readonly onSave: (rule: RuleInput) => Promise<boolean>;
  readonly fault: Fault | undefined;
}) {
  const first = rule?.when[0];
  const known = useAnswer('metrics', {}, { topics: [] });
  const form = useSignal({
    name: rule?.name ?? '',
    severity: rule?.severity ?? ('warning' as const),
    summary: rule?.summary ?? '',
    next: rule?.next ?? '',
    forS: String(rule?.forS ?? 60),
    metric: first?.metric ?? '',
    take: first?.take ?? ('value' as const),
    overS: String(first?.overS ?? 60),
    // Not `is`: a form has its fields as properties, and Preact asks the parent of a new element for that one.
    sign: first?.is ?? ('>' as const),
    than: String(first?.than ?? ''),
  });
  const errors = useSignal<Readonly<Record<string, string>>>({});
  const field = (name: keyof (typeof form)['value']) => ({
    name,
    value: form.value[name],
    ...(errors.value[name] === undefined ? {} : { error: errors.value[name] }),
    onInput(value: string) {
      form.value = { ...form.value, [name]: value };
    },
  });
  const save = async (event: Event) => {
    event.preventDefault();
    const read = readRule(form.value, rule);
    errors.value = 'errors' in read ? read.errors : {};
    if ('rule' in read && (await onSave(read.rule))) onClose();
  };
  const metrics = (known.value?.metrics ?? []).map(({ name }) => name);
  return (
    <Dialog title={rule === undefined ? 'New rule' : `Change ${rule.name}`} onClose={onClose}>
      <form class="form" onSubmit={save} noValidate>
        {rule === undefined ? (
          <TextField label="Name" hint="Small letters, digits and hyphens." {...field('name')} />
        ) : null}
        <TextField label="It says" {...field('summary')} />
        <TextField label="What to do next" {...field('next')} />
        <ChoiceField
          label="How bad"
          choices={[
            ['warning', 'Warning'],
            ['critical', 'Critical'],
          ]}
          {...field('severity')}
        />
        <TextField label="Metric" list={metrics} {...field('metric')} />
        <ChoiceField
          label="Its"
          choices={[
            ['value', 'value'],
            ['increase', 'increase'],
            ['rate', 'rate a second'],
          ]}
          {...field('take')}
        />
        {form.value.take === 'value' ? null : (
          <TextField label="Over" type="number" unit="seconds" {...field('overS')} />
        )}
        <ChoiceField label="Is" choices={signs.map((sign) => [sign, sign] as const)} {...field('sign')} />
        <TextField label="Than" hint="A number, or another metric." {...field('than')} />
        <TextField label="For at least" type="number" unit="seconds" {...field('forS')} />
        {fault === undefined ? null : <FaultNote fault={fault} />}
        <div class="form-foot">
          <button type="submit" class="button button-main">
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The rule that a form describes, or what is wrong with it by field. */
export function readRule(
  form: Readonly<
    Record<
      'name' | 'severity' | 'summary' | 'next' | 'forS' | 'metric' | 'take' | 'overS' | 'sign' | 'than',
      string
    >
  >,
  before: Rule | undefined,
): { readonly rule: RuleInput } | { readonly errors: Readonly<Record<string, string>> } {
  const [forS, overS] = [Number(form.forS), Number(form.overS)];
  const take = takes.find((each) => each === form.take) ?? 'value';
  const errors = {
    ...(/^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/.test(form.name)
      ? {}
      : { name: 'Small letters, digits and hyphens' }),
    ...(form.summary.trim() === '' ? { summary: 'One sentence for whoever is told' } : {}),
    ...(form.metric.trim() === '' ? { metric: 'The name of a metric' } : {}),
    ...(form.than.trim() === '' ? { than: 'A number or the name of a metric' } : {}),
    ...(form.forS.trim() !== '' && forS >= 0 && forS <= 86_400 ? {} : { forS: 'From 0 to 86,400 seconds' }),
    ...(take === 'value' || (overS >= 10 && overS <= 3600) ? {} : { overS: 'From 10 to 3,600 seconds' }),
  };
  if (Object.keys(errors).length > 0) return { errors };
  const [first, ...rest] = before?.when ?? [];
  const than = Number(form.than);
  const condition: Condition = {
    ...(first === undefined ? {} : { combine: first.combine, absolute: first.absolute }),
    metric: form.metric.trim(),
    take,
    ...(take === 'value' ? {} : { overS }),
    is: signs.find((each) => each === form.sign) ?? '>',
    than: Number.isNaN(than) ? form.than.trim() : than,
  };
  return {
    rule: {
      name: form.name,
      severity: form.severity === 'critical' ? 'critical' : 'warning',
      summary: form.summary.trim(),
      next: form.next.trim(),
      forS,
      when: [condition, ...rest],
    },
  };
}
