/** Tasks by virtual time; equal times in the order they were added. */
export class EventQueue<Event> {
  readonly #times: number[] = [];
  readonly #order: number[] = [];
  readonly #events: Event[] = [];
  #added = 0;

  get size(): number {
    return this.#events.length;
  }

  push(at: number, event: Event): void {
    const times = this.#times;
    const order = this.#order;
    const events = this.#events;
    const sequence = this.#added++;
    let index = events.length;
    times.push(at);
    order.push(sequence);
    events.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((times[parent] as number) <= at) break;
      times[index] = times[parent] as number;
      order[index] = order[parent] as number;
      events[index] = events[parent] as Event;
      index = parent;
    }
    times[index] = at;
    order[index] = sequence;
    events[index] = event;
  }

  /** Removes the next event and hands it over with its time; undefined when none is left. */
  pop(): { readonly at: number; readonly event: Event } | undefined {
    const first = this.#events[0];
    if (first === undefined) return undefined;
    const at = this.#times[0] as number;
    const lastAt = this.#times.pop() as number;
    const lastOrder = this.#order.pop() as number;
    const last = this.#events.pop() as Event;
    if (this.#events.length > 0) this.#sink(lastAt, lastOrder, last);
    return { at, event: first };
  }

  #sink(at: number, sequence: number, event: Event): void {
    const times = this.#times;
    const order = this.#order;
    const events = this.#events;
    const size = events.length;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBefore(child + 1, child)) child += 1;
      const childAt = times[child] as number;
      if (childAt > at || (childAt === at && (order[child] as number) > sequence)) break;
      times[index] = childAt;
      order[index] = order[child] as number;
      events[index] = events[child] as Event;
      index = child;
    }
    times[index] = at;
    order[index] = sequence;
    events[index] = event;
  }

  #isBefore(a: number, b: number): boolean {
    const difference = (this.#times[a] as number) - (this.#times[b] as number);
    return difference === 0 ? (this.#order[a] as number) < (this.#order[b] as number) : difference < 0;
  }
}
