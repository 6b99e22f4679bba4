/** Keeps what was used last, up to a number of bytes. Whoever asks while a value is being made waits for the same one. */
export class ByteCache<T> {
  readonly #entries = new Map<string, { readonly value: Promise<T>; readonly bytes: number }>();
  #bytes = 0;

  constructor(readonly limit: number) {}

  get(key: string): Promise<T> | undefined {
    const found = this.#entries.get(key);
    if (!found) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found.value;
  }

  set(key: string, value: Promise<T>, bytes: number): void {
    this.delete(key);
    if (bytes > this.limit) return;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.limit) break;
      this.delete(oldest);
    }
    value.catch(() => this.delete(key));
  }

  delete(key: string): void {
    const found = this.#entries.get(key);
    if (!found) return;
    this.#entries.delete(key);
    this.#bytes -= found.bytes;
  }
}
