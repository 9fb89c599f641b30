/**
 * Lets each of many have `most` turns at once; whoever asks for more waits behind its own earlier ones, first come first served.
 * Disposing of a turn ends it.
 */
export function createTurns(most: number): (who: string) => Promise<Disposable> {
  const places = new Map<string, { taken: number; readonly waiting: (() => void)[] }>();
  return async (who) => {
    const place = places.get(who) ?? { taken: 0, waiting: [] };
    places.set(who, place);
    if (place.taken < most) place.taken += 1;
    else await new Promise<void>((resolve) => place.waiting.push(resolve));
    return {
      [Symbol.dispose]() {
        const next = place.waiting.shift();
        // A turn that somebody waits for is handed on as it is.
        if (next !== undefined) return next();
        place.taken -= 1;
        if (place.taken === 0) places.delete(who);
      },
    };
  };
}
