import { expect, it } from 'vitest';
import { type Column, inOrder, matching, nextOrder } from '../src/parts/table-order.ts';

interface Row {
  readonly name: string;
  readonly amount?: bigint;
}
const columns: readonly Column<Row>[] = [
  { id: 'name', title: 'Name', cell: ({ name }) => name, sortBy: ({ name }) => name },
  { id: 'amount', title: 'Amount', cell: () => null, sortBy: ({ amount }) => amount },
  { id: 'plain', title: 'Plain', cell: () => null },
];
const rows: readonly Row[] = [
  { name: 'node 10', amount: 5n },
  { name: 'node 9' },
  { name: 'Node 2', amount: 2n ** 70n },
];
const names = (sorted: readonly Row[]) => sorted.map(({ name }) => name);

it('names sort as people count, whatever their case', () => {
  expect(names(inOrder(rows, columns, { by: 'name', isDescending: false }))).toEqual([
    'Node 2',
    'node 9',
    'node 10',
  ]);
});

it.each([
  [false, ['node 10', 'Node 2', 'node 9']],
  [true, ['Node 2', 'node 10', 'node 9']],
])(
  'amounts beyond 2^53 sort right, and rows without one stand last (descending %s)',
  (isDescending, expected) => {
    expect(names(inOrder(rows, columns, { by: 'amount', isDescending }))).toEqual(expected);
  },
);

it('a column that does not sort leaves the rows as they came', () => {
  expect(inOrder(rows, columns, { by: 'plain', isDescending: false })).toBe(rows);
});

it('a heading goes up, down, and back to how the rows came', () => {
  const up = nextOrder(undefined, 'name');
  const down = nextOrder(up, 'name');
  expect([up, down, nextOrder(down, 'name')]).toEqual([
    { by: 'name', isDescending: false },
    { by: 'name', isDescending: true },
    undefined,
  ]);
  expect(nextOrder(down, 'amount')).toEqual({ by: 'amount', isDescending: false });
});

it('a filter keeps the rows that have every word', () => {
  expect(names(matching(rows, ' NODE  1', ({ name }) => name))).toEqual(['node 10']);
  expect(matching(rows, '   ', ({ name }) => name)).toBe(rows);
  expect(matching(rows, 'elsewhere', ({ name }) => name)).toEqual([]);
});
