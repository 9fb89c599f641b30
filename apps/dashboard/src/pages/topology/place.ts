/** Where a node is drawn, in units of the drawing. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Size of the drawing. */
export const drawing = { width: 640, height: 380 } as const;

/** Places on an ellipse around this node, beginning at the top, evenly spread. */
export function ring(count: number): readonly Spot[] {
  const { width, height } = drawing;
  return Array.from({ length: count }, (_, at) => {
    const angle = (at / count) * 2 * Math.PI - Math.PI / 2 + (count === 2 ? Math.PI / 2 : 0);
    return {
      x: width / 2 + Math.cos(angle) * (width / 2 - 110),
      y: height / 2 + Math.sin(angle) * (height / 2 - 62),
    };
  });
}

/** The part of the drawing that is used, with room for names: corner, width and height. */
export function frame(spots: readonly Spot[]): string {
  const middle = drawing.height / 2;
  const heights = [middle, ...spots.map(({ y }) => y)];
  const top = heights.reduce((a, b) => Math.min(a, b)) - 44;
  const bottom = heights.reduce((a, b) => Math.max(a, b)) + 50;
  return `0 ${top} ${drawing.width} ${bottom - top}`;
}

/** A point between two, `share` of the way. */
export function between(from: Spot, to: Spot, share: number): Spot {
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/** How thick a link is drawn for a rate: one more step for every ten times. */
export function thickness(rateBps: number): number {
  return 1.25 + Math.min(5, Math.log10(Math.max(1, rateBps / 100)));
}
