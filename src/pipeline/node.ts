import type { Diagnostic, Place } from "../core/diagnostic.js";
import type { ParamOrigin } from "../core/record.js";

/** A value of a document, with its place: the form in which all files, `--set` and `--params` meet and are merged. */
export type Node = ScalarNode | ListNode | MapNode;

interface Written {
  readonly at: Place;
  /** Which layer wrote it; becomes the origin of a parameter. */
  readonly origin: ParamOrigin;
  /** Where the value really comes from, when `at` holds a `${param}`. */
  readonly from?: Place;
}

export interface ScalarNode extends Written {
  readonly type: "scalar";
  readonly value: string | number | boolean | null;
  /** As written, without quotes: `007` stays `007`. */
  readonly source: string;
  /** Text with a `${param}` among other letters: a path in it is relative to where the text stands. */
  readonly mixed?: true;
}

export interface ListNode extends Written {
  readonly type: "list";
  readonly items: readonly Node[];
}

export interface MapNode extends Written {
  readonly type: "map";
  readonly entries: ReadonlyMap<string, Entry>;
}

/** One `key: value` of a map. */
export interface Entry {
  readonly key: string;
  /** The place of the key. */
  readonly at: Place;
  readonly value: Node;
}

/** After so many mistakes the rest of a file is not looked at: each suggestion costs a look at every name. */
export const problemLimit = 200;

/** Appends a list of any length; spreading one into `push` would put it all on the stack. */
export function append<T>(list: T[], more: Iterable<T>): void {
  for (const item of more) list.push(item);
}

/** An error at a place. */
export function errorAt(
  at: Place,
  code: string,
  message: string,
  hint?: string,
  related?: Diagnostic["related"],
): Diagnostic {
  return {
    severity: "error",
    code,
    message,
    at,
    ...(hint === undefined ? {} : { hint }),
    ...(related === undefined || related.length === 0 ? {} : { related }),
  };
}

/** A warning at a place. */
export const warningAt = (...args: Parameters<typeof errorAt>): Diagnostic => ({
  ...errorAt(...args),
  severity: "warning",
});

/** The second place of a message about a value that came through `${param}`. */
export const cameFrom = (node: Node): Diagnostic["related"] =>
  node.from ? [{ at: node.from, message: "its value is set here" }] : [];

/** A value that could not be made, because a `${param}` in it is unknown; that has been told, so nothing else is said of it. */
export const broken = (node: ScalarNode): ScalarNode => ({ ...node, value: null, from: node.at });

export const isBroken = (node: Node): boolean =>
  node.type === "scalar" && node.value === null && node.from !== undefined && node.from === node.at;

/** Plain JavaScript values of a node; maps have no prototype, so that no key can reach one. */
export function plain(node: Node): unknown {
  switch (node.type) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(plain);
    case "map": {
      const out = Object.create(null) as Record<string, unknown>;
      for (const [key, entry] of node.entries) out[key] = plain(entry.value);
      return out;
    }
  }
}

/** What a node is, in words of a message: `the number 3`, `the text "abc"`, `a list`, `a map`, `nothing`. */
export function describe(node: Node): string {
  if (node.type !== "scalar") return node.type === "list" ? "a list" : "a map";
  const { value } = node;
  if (value === null) return "nothing";
  if (typeof value === "string") return `"${shorten(value)}"`;
  return typeof value === "boolean" ? String(value) : node.source === "" ? String(value) : shorten(node.source);
}

/** Cuts long texts, and makes control characters visible, for messages. */
export function shorten(text: string, limit = 60): string {
  const clean = text.replace(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
}
