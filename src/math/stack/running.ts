/** The median of the latest values, brought up to date from time to time, so that asking costs next to nothing. */
export class RunningMedian {
  readonly #values: number[] = [];
  #next = 0;
  #since = 0;
  #median = 0;

  constructor(readonly most: number) {}

  get count(): number {
    return this.#values.length;
  }

  add(value: number): void {
    if (this.#values.length < this.most) this.#values.push(value);
    else this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.most;
    this.#since++;
  }

  /** Of values so far; 0 for none. */
  median(): number {
    if (this.#since > this.#values.length / 8) {
      this.#median = median(this.#values);
      this.#since = 0;
    }
    return this.#median;
  }
}

/** The middle value, the upper of two; 0 for none. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length >> 1] ?? 0;
}

/** How far values lie from their median, as a standard deviation that a half of strange values does not change. */
export function spread(values: ArrayLike<number>, about = median(values)): number {
  return 1.4826 * median(Array.from(values, (v) => Math.abs(v - about)));
}
