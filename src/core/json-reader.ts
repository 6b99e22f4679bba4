import { failed, ok, problem, type Result } from "./diagnostic.js";

/** Raised inside {@link readJson} at the first thing that is not as it should be. */
class Misfit extends Error {
  constructor(
    readonly path: string,
    readonly expected: string,
    readonly found: unknown,
  ) {
    super(`${path}: expected ${expected}`);
  }
}

/**
 * A value of a JSON file that is not trusted, with its path. Every look at it checks the type first.
 *
 * Meant for use inside {@link readJson}, which turns the first misfit into a diagnostic.
 */
export class JsonReader {
  constructor(
    readonly value: unknown,
    readonly path = "",
  ) {}

  /** Stops with what was expected here. */
  expect(expected: string): never {
    throw new Misfit(this.path === "" ? "the document" : this.path, expected, this.value);
  }

  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** A member of an object; its value is `undefined` where there is none. */
  get(key: string): JsonReader {
    const object = this.object();
    return new JsonReader(
      Object.hasOwn(object, key) ? object[key] : undefined,
      this.path === "" ? key : `${this.path}.${key}`,
    );
  }

  optional<T>(key: string, read: (reader: JsonReader) => T): T | undefined {
    const member = this.get(key);
    return member.present ? read(member) : undefined;
  }

  object(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.expect("an object");
    return value as Readonly<Record<string, unknown>>;
  }

  /** Members of an object, in the file's order. */
  members(): readonly (readonly [string, JsonReader])[] {
    return Object.keys(this.object()).map((key) => [key, this.get(key)]);
  }

  array(most = 1e6): readonly JsonReader[] {
    const { value } = this;
    if (!Array.isArray(value)) return this.expect("a list");
    if (value.length > most) return this.expect(`a list of at most ${most} elements`);
    return value.map((item, i) => new JsonReader(item, `${this.path}[${i}]`));
  }

  string(): string {
    return typeof this.value === "string" ? this.value : this.expect("a text");
  }

  oneOf<const T extends string>(...names: readonly T[]): T {
    const found = names.find((name) => name === this.value);
    return found ?? this.expect(`one of ${names.map((n) => `"${n}"`).join(", ")}`);
  }

  number(): number {
    return typeof this.value === "number" && Number.isFinite(this.value) ? this.value : this.expect("a finite number");
  }

  integer(least: number, most: number): number {
    const { value } = this;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.expect(`a whole number from ${least} to ${most}`);
  }

  /** A list of finite numbers; of exactly `length` where that is given. */
  numbers(length?: number): Float64Array {
    const { value } = this;
    if (!Array.isArray(value))
      return this.expect(length === undefined ? "a list of numbers" : `a list of ${length} numbers`);
    if (length !== undefined && value.length !== length) return this.expect(`a list of ${length} numbers`);
    const out = new Float64Array(value.length);
    for (let i = 0; i < out.length; i++) out[i] = new JsonReader(value[i], `${this.path}[${i}]`).number();
    return out;
  }
}

/**
 * Parses text as JSON and reads it.
 *
 * @returns what `read` gives; or `not-json`, or `code` with the path of the first misfit, what was expected and found
 */
export function readJson<T>(text: string, code: string, read: (reader: JsonReader) => T): Result<T> {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch (error) {
    return failed(problem("not-json", `Expected JSON: ${(error as Error).message}`));
  }
  try {
    return ok(read(new JsonReader(value)));
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    return failed(problem(code, `Expected ${error.expected} at ${error.path}, but found ${show(error.found)}`));
  }
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
