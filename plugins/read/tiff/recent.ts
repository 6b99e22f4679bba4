/** Remembers what `make` gave for the numbers that were asked for last, at most `limit` of them. */
export function recent<T>(limit: number, make: (n: number) => T): (n: number) => T {
  const known = new Map<number, T>();
  return (n) => {
    let value = known.get(n);
    if (value === undefined) value = make(n);
    else known.delete(n);
    known.set(n, value);
    if (known.size > limit) known.delete(known.keys().next().value!);
    return value;
  };
}
