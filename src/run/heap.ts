/** The smallest of many task indices, again and again. */
export class IndexHeap {
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): number | undefined {
    return this.#items[0];
  }

  push(index: number): void {
    const a = this.#items;
    let at = a.length;
    a.push(index);
    for (let up = (at - 1) >> 1; at > 0 && a[up]! > index; up = (at - 1) >> 1) {
      a[at] = a[up]!;
      at = up;
    }
    a[at] = index;
  }

  pop(): number | undefined {
    const a = this.#items;
    const top = a[0];
    const last = a.pop();
    if (a.length === 0 || last === undefined) return top;
    let at = 0;
    for (let child = 1; child < a.length; child = 2 * at + 1) {
      if (child + 1 < a.length && a[child + 1]! < a[child]!) child++;
      if (a[child]! >= last) break;
      a[at] = a[child]!;
      at = child;
    }
    a[at] = last;
    return top;
  }
}
