import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';
import { type Column, inOrder, matching, nextOrder, type Order } from './table-order.ts';
import { useWindowOfRows } from './window-of-rows.ts';

export type { Column } from './table-order.ts';

/** From so many rows on only those in sight are drawn. */
const mostDrawn = 200;

/** What a table shows. */
export interface TableProps<Row> {
  /** What the rows are, for screen readers. */
  readonly caption: string;
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Instead of rows, where there are none at all. */
  readonly empty: ComponentChildren;
  /** By which text rows are found; with it there is a filter. */
  readonly textOf?: (row: Row) => string;
  readonly order?: Order;
  /** More to choose by, beside the filter. */
  readonly tools?: ComponentChildren;
  /** A row to mark, such as this node's own. */
  readonly isMarked?: (row: Row) => boolean;
}

/**
 * A table that sorts by its headings and filters as one types. Of long lists it draws only the rows in sight; arrow keys,
 * Page Up and Down, Home and End go from row to row over all of them, and screen readers are told how many there are.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, keyOf, empty, textOf, tools, isMarked } = props;
  // Not the caption alone: a panel around the table often has that name.
  const label = `Table: ${caption}`;
  const order = useSignal(props.order);
  const filter = useSignal('');
  const active = useSignal(0);
  const scroller = useRef<HTMLElement>(null);
  const wanted = useRef<number>(undefined);
  const filterId = useId();
  const found = textOf === undefined ? rows : matching(rows, filter.value, textOf);
  const sorted = inOrder(found, columns, order.value);
  const isLong = sorted.length > mostDrawn;
  const view = useWindowOfRows(scroller, sorted.length, !isLong);
  const current = Math.min(active.value, Math.max(0, sorted.length - 1));

  useLayoutEffect(() => {
    const row = scroller.current?.querySelector(`tr[data-index="${wanted.current}"]`);
    if (!(row instanceof HTMLElement)) return;
    wanted.current = undefined;
    (row.querySelector<HTMLElement>('a, button') ?? row).focus({ preventScroll: false });
  });

  // Of many rows only one is a stop of the Tab key: who wants past the table need not go through all of it.
  useLayoutEffect(() => {
    for (const row of scroller.current?.querySelectorAll<HTMLElement>('tr[data-index]') ?? []) {
      const tabIndex = !isLong || Number(row.dataset['index']) === current ? 0 : -1;
      for (const stop of row.querySelectorAll<HTMLElement>('a, button')) stop.tabIndex = tabIndex;
    }
  });

  const goTo = (index: number) => {
    const target = Math.max(0, Math.min(sorted.length - 1, index));
    active.value = target;
    wanted.current = target;
    view.scrollTo(target);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      PageDown: current + 10,
      PageUp: current - 10,
      Home: 0,
      End: sorted.length - 1,
    };
    const target = steps[event.key];
    if (target === undefined || sorted.length === 0) return;
    event.preventDefault();
    goTo(target);
  };

  if (rows.length === 0) return <div class="table-empty">{empty}</div>;
  return (
    <div class="table-frame">
      {textOf === undefined && tools === undefined ? null : (
        <div class="table-tools">
          {textOf === undefined ? null : (
            <>
              <label for={filterId} class="visually-hidden">
                Filter {caption}
              </label>
              <input
                id={filterId}
                type="search"
                class="input filter"
                placeholder="Filter"
                value={filter.value}
                onInput={(event) => {
                  filter.value = event.currentTarget.value;
                  active.value = 0;
                }}
              />
            </>
          )}
          {tools}
          <span class="muted numbers table-count" role="status">
            {sorted.length === rows.length ? rows.length : `${sorted.length} of ${rows.length}`}
          </span>
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section ref={scroller} class="table-scroll" tabIndex={0} aria-label={label} onKeyDown={onKeyDown}>
        <table class="table" aria-rowcount={sorted.length + 1}>
          <caption class="visually-hidden">{caption}</caption>
          <thead>
            <tr aria-rowindex={1}>
              {columns.map((column) => (
                <Heading
                  key={column.id}
                  column={column}
                  order={order.value}
                  onSort={() => {
                    order.value = nextOrder(order.value, column.id);
                  }}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {view.beforePx > 0 ? <Room px={view.beforePx} columns={columns.length} /> : null}
            {sorted.slice(view.from, view.to).map((row, at) => {
              const index = view.from + at;
              return (
                <tr
                  key={keyOf(row)}
                  ref={view.measure}
                  data-index={index}
                  aria-rowindex={index + 2}
                  class={isMarked?.(row) === true ? 'is-marked' : undefined}
                  onFocusIn={() => {
                    active.value = index;
                  }}
                >
                  {columns.map((column, place) => (
                    <Cell key={column.id} column={column} row={row} isName={place === 0} />
                  ))}
                </tr>
              );
            })}
            {view.afterPx > 0 ? <Room px={view.afterPx} columns={columns.length} /> : null}
          </tbody>
        </table>
      </section>
      {sorted.length === 0 ? <p class="table-none">Nothing here matches “{filter.value}”.</p> : null}
    </div>
  );
}

function Heading<Row>({
  column: { id, title, sortBy, ...column },
  order,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly order: Order | undefined;
  readonly onSort: () => void;
}) {
  const sorted = order?.by !== id ? undefined : order.isDescending ? 'descending' : 'ascending';
  const icon = sorted === undefined ? 'sort' : sorted === 'ascending' ? 'up' : 'down';
  return (
    <th scope="col" class={classOf(column)} {...(sorted === undefined ? {} : { 'aria-sort': sorted })}>
      {sortBy === undefined ? (
        title
      ) : (
        <button type="button" class="sort" onClick={onSort}>
          {title}
          <Icon name={icon} />
        </button>
      )}
    </th>
  );
}

function Cell<Row>({
  column,
  row,
  isName,
}: {
  readonly column: Column<Row>;
  readonly row: Row;
  readonly isName: boolean;
}) {
  const content = column.cell(row);
  if (isName)
    return (
      <th scope="row" class={classOf(column)}>
        {content}
      </th>
    );
  return <td class={classOf(column)}>{content}</td>;
}

/** The room of rows that are not drawn. */
function Room({ px, columns }: { readonly px: number; readonly columns: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row without anything in it takes no focus
    <tr class="table-room" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${px}px` }} />
    </tr>
  );
}

function classOf({ isNumber, from }: Pick<Column<never>, 'isNumber' | 'from'>): string {
  return `${isNumber === true ? 'is-number' : ''}${from === undefined ? '' : ` from-${from}`}`.trim();
}
