import { formatBytes, formatCount } from '../format/numbers.ts';
import { BlockLink } from './block-link.tsx';
import type { Column } from './table.tsx';
import { When } from './when.tsx';

/** What a cell stands for; without a value it stays empty. */
type Of<Row, Value> = (row: Row) => Value | null | undefined;
type From = Column<unknown>['from'];

/** A word, as it is. */
export const wordColumn = <Row,>(title: string, of: Of<Row, string>, from?: From): Column<Row> => ({
  id: title,
  title,
  cell: of,
  sortBy: (row) => of(row) ?? undefined,
  ...(from === undefined ? {} : { from }),
});

/** How long ago something was, or in how long it will be. */
export const timeColumn = <Row,>(title: string, of: Of<Row, number>, from?: From): Column<Row> =>
  figures(title, of, (atMs) => <When atMs={atMs} />, from);

/** Bytes in words. */
export const sizeColumn = <Row,>(title: string, of: Of<Row, number>, from?: From): Column<Row> =>
  figures(title, of, formatBytes, from);

/** A count, or an amount of base units. */
export const countColumn = <Row,>(title: string, of: Of<Row, number | bigint>, from?: From): Column<Row> =>
  figures(title, of, formatCount, from);

/** The block that something is in, as a link to it. */
export const blockColumn = <Row,>(of: Of<Row, number>, from?: From): Column<Row> =>
  figures('Block', of, (height) => <BlockLink height={height} />, from);

function figures<Row, Value extends number | bigint>(
  title: string,
  of: Of<Row, Value>,
  show: (value: Value) => ReturnType<Column<Row>['cell']>,
  from: From,
): Column<Row> {
  const read = (row: Row) => of(row) ?? undefined;
  return {
    id: title,
    title,
    cell(row) {
      const value = read(row);
      return value === undefined ? '' : show(value);
    },
    sortBy: read,
    isNumber: true,
    ...(from === undefined ? {} : { from }),
  };
}
