/**
 * Work that is done several pieces at a time and finished in order: packing on the thread pool, then writing.
 *
 * Memory: the pieces under way, at most `limit`.
 */
export class OrderedWork<T> {
  readonly #under: { readonly made: Promise<T>; readonly finish: (value: T) => Promise<void> }[] = [];

  constructor(readonly limit: number) {}

  /** Adds a piece; waits for the oldest when too many are under way. */
  async add(made: Promise<T>, finish: (value: T) => Promise<void>): Promise<void> {
    made.catch(() => {}); // it is awaited in its turn; a failure before that is not unhandled
    this.#under.push({ made, finish });
    if (this.#under.length >= this.limit) await this.#first();
  }

  /** Waits for all pieces. */
  async drain(): Promise<void> {
    while (this.#under.length > 0) await this.#first();
  }

  async #first(): Promise<void> {
    const { made, finish } = this.#under.shift()!;
    await finish(await made);
  }
}
