import { useSignal } from '@preact/signals';
import {
  elementScroll,
  measureElement,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo } from 'preact/hooks';

/** Rows of a long list that are drawn, and the room of those that are not. */
export interface WindowOfRows {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly beforePx: number;
  readonly afterPx: number;
  /** Measures a drawn row, whose `data-index` says which it is. */
  measure(row: HTMLElement | null): void;
  scrollTo(index: number): void;
}

const estimatePx = 37;
const overscan = 12;

/** Draws of `count` rows only those near what the scroller shows; all of them where `isOff`. */
export function useWindowOfRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  isOff: boolean,
): WindowOfRows {
  const drawn = useSignal(0);
  const virtual = useMemo(
    () =>
      new Virtualizer<HTMLElement, HTMLElement>({
        count,
        getScrollElement: () => scroller.current,
        estimateSize: () => estimatePx,
        overscan,
        initialRect: { width: 1000, height: 600 },
        observeElementRect,
        observeElementOffset,
        scrollToFn: elementScroll,
        measureElement,
        indexAttribute: 'data-index',
        onChange() {
          drawn.value += 1;
        },
      }),
    [scroller, drawn],
  );
  virtual.setOptions({ ...virtual.options, count, enabled: !isOff });
  useEffect(() => virtual._didMount(), [virtual]);
  useLayoutEffect(() => virtual._willUpdate());
  // Read so that a scroll draws again.
  drawn.value;
  if (isOff)
    return {
      from: 0,
      to: count,
      beforePx: 0,
      afterPx: 0,
      measure: () => undefined,
      scrollTo: () => undefined,
    };
  const items = virtual.getVirtualItems();
  const first = items[0];
  const last = items.at(-1);
  return {
    from: first?.index ?? 0,
    to: last === undefined ? 0 : last.index + 1,
    beforePx: first?.start ?? 0,
    afterPx: last === undefined ? 0 : virtual.getTotalSize() - last.end,
    measure: virtual.measureElement,
    scrollTo: (index) => virtual.scrollToIndex(index, { align: 'auto' }),
  };
}
