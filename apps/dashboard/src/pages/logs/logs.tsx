import type { EventData } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { PageProps } from '../../app/page.ts';
import { setQuery } from '../../app/router.ts';
import { useAnswer, useEvents } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import { timeColumn } from '../../parts/columns.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { isHeard, type Line, levels, lineOf, tailOf, textOfFields } from './tail.ts';

type Level = (typeof levels)[number];

/** The log of this node as it is written, by level and event, and a pause to read it. */
export function Page({ query }: PageProps) {
  const level = levels.find((each) => each === query.get('level')) ?? 'info';
  const event = query.get('event') ?? '';
  const typed = useSignal(event);
  const current = typed.value;
  useEffect(() => {
    const timer = setTimeout(() => current !== event && setQuery('event', current), 250);
    return () => clearTimeout(timer);
  }, [current, event]);
  return (
    <>
      <PageHead
        title="Logs"
        lede="What this node did and met, newest first. Secrets never stand in it; the files are in the logs folder of its data directory."
      />
      <div class="form">
        <ChoiceField
          label="At least"
          name="level"
          value={level}
          choices={levels.map((each) => [each, each] as const)}
          onInput={(value) => setQuery('level', value)}
        />
        <TextField
          label="Events that begin with"
          name="event"
          type="search"
          value={typed.value}
          placeholder="run."
          onInput={(value) => {
            typed.value = value;
          }}
        />
      </div>
      <Tail key={`${level} ${event}`} level={level} event={event} />
    </>
  );
}

function Tail({ level, event }: { readonly level: Level; readonly event: string }) {
  const logs = useAnswer('logs', { limit: 500, level, ...(event === '' ? {} : { event }) }, { topics: [] });
  const fresh = useSignal<readonly Line[]>([]);
  const isPaused = useSignal(false);
  const waiting = useSignal<readonly Line[]>([]);
  useEvents(['logs'], (heard) => {
    if (heard.topic !== 'logs') return;
    const line = lineOf(heard.id, heard.data as EventData<'logs'>);
    if (!isHeard(line, level, event)) return;
    const target = isPaused.value ? waiting : fresh;
    target.value = tailOf([line, ...target.value], []);
  });
  const newer = fresh.value;
  const resume = () => {
    fresh.value = tailOf(waiting.value, fresh.value);
    waiting.value = [];
    isPaused.value = false;
  };
  return (
    <Panel
      title="Lines"
      aside={
        <button
          type="button"
          class="button"
          aria-pressed={isPaused.value}
          onClick={() => {
            if (isPaused.value) resume();
            else isPaused.value = true;
          }}
        >
          {isPaused.value ? `Go on (${formatCount(waiting.value.length)} new)` : 'Pause'}
        </button>
      }
    >
      <Answered answer={logs}>
        {({ lines }) => (
          <Table
            caption="Lines of the log"
            columns={columns}
            rows={tailOf(newer, lines)}
            keyOf={({ place }) => place}
            textOf={(line) => `${line.event} ${line.level} ${textOfFields(line.fields)}`}
            empty={
              <Empty title="No line is like that">
                <p>Ask for a lower level, or for other events.</p>
              </Empty>
            }
          />
        )}
      </Answered>
    </Panel>
  );
}

const tones = { debug: 'plain', info: 'plain', warn: 'warn', error: 'bad' } as const;

const columns: readonly Column<Line>[] = [
  { id: 'event', title: 'Event', cell: ({ event }) => <code>{event}</code>, sortBy: ({ event }) => event },
  { id: 'level', title: 'Level', cell: ({ level }) => <Badge tone={tones[level]}>{level}</Badge> },
  timeColumn('When', ({ atMs }) => atMs),
  {
    id: 'fields',
    title: 'What',
    cell: ({ fields }) => <span class="wrap">{textOfFields(fields)}</span>,
    from: 'medium',
  },
];
