/** A column of a table. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** What a cell shows. */
  readonly cell: (row: Row) => import('preact').ComponentChildren;
  /** By what the column sorts; without it, it does not. */
  readonly sortBy?: (row: Row) => string | number | bigint | undefined;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  /** Least width of the table, in steps, at which the column is shown; all by default. */
  readonly from?: 'medium' | 'wide';
}

/** Which column sorts, and which way. */
export interface Order {
  readonly by: string;
  readonly isDescending: boolean;
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** The rows in an order; equal ones stay as they came, and those without a value stand last either way. */
export function inOrder<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: Order | undefined,
): readonly Row[] {
  const sortBy = columns.find(({ id }) => id === order?.by)?.sortBy;
  if (sortBy === undefined || order === undefined) return rows;
  const sign = order.isDescending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: sortBy(row) }))
    .sort((a, b) => {
      if (a.value === undefined || b.value === undefined)
        return Number(a.value === undefined) - Number(b.value === undefined);
      return sign * compare(a.value, b.value);
    })
    .map(({ row }) => row);
}

/** The order after a click on a column's heading: up, down, as they came. */
export function nextOrder(order: Order | undefined, by: string): Order | undefined {
  if (order?.by !== by) return { by, isDescending: false };
  return order.isDescending ? undefined : { by, isDescending: true };
}

/** Rows in whose text every word of the filter is found, whatever its case. */
export function matching<Row>(
  rows: readonly Row[],
  filter: string,
  textOf: (row: Row) => string,
): readonly Row[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = textOf(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function compare(a: string | number | bigint, b: string | number | bigint): number {
  if (typeof a === 'string' || typeof b === 'string') return collator.compare(String(a), String(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
