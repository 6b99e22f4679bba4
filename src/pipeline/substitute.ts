import type { Diagnostic, Place } from "../core/diagnostic.js";
import { broken, type Entry, errorAt, isBroken, type MapNode, type Node, type ScalarNode } from "./node.js";
import { didYouMean } from "./suggest.js";

/** What `${…}` may name: the pipeline's parameters, and the declared variables of the environment. */
export interface Names {
  readonly params: ReadonlyMap<string, Entry>;
  /** Declared variables; `undefined` where the environment has none of that name. */
  readonly env: ReadonlyMap<string, string | undefined>;
  /** What may still be put in, in values and letters: parameters that hold parameters could stand for billions. */
  readonly budget: { left: number };
}

/** Values and letters that all `${…}` of a pipeline together may stand for. */
export const substitutionLimit = 2_000_000;

const depthLimit = 16;
const use = /\$(\$?)\{([^{}]*)\}?/g;

/**
 * Replaces `${name}` in all scalars below a node. A scalar that is nothing else becomes the parameter's value, type and all;
 * inside a longer text it becomes text. `$${` stands for a `${` that means itself.
 */
export function substitute(node: Node, names: Names, found: Diagnostic[]): Node {
  return replace(node, names, found, []);
}

function replace(node: Node, names: Names, found: Diagnostic[], inside: readonly string[]): Node {
  switch (node.type) {
    case "scalar":
      return typeof node.value === "string" && node.value.includes("${") ? scalar(node, names, found, inside) : node;
    case "list": {
      const items = node.items.map((n) => replace(n, names, found, inside));
      return items.every((n, i) => n === node.items[i]) ? node : { ...node, items };
    }
    case "map": {
      let entries: Map<string, Entry> | undefined;
      for (const [key, e] of node.entries) {
        const value = replace(e.value, names, found, inside);
        if (value !== e.value) (entries ??= new Map(node.entries)).set(key, { ...e, value });
      }
      return entries ? ({ ...node, entries } satisfies MapNode) : node;
    }
  }
}

function scalar(node: ScalarNode, names: Names, found: Diagnostic[], inside: readonly string[]): Node {
  const text = node.value as string;
  const whole = /^\$\{([^{}]*)\}$/.exec(text);
  if (whole) {
    const value = lookUp(whole[1]!, partOf(node, text), names, found, inside);
    if (!value || isBroken(value)) return broken(node);
    return relocate(value, node.at, names.budget);
  }
  let from: Place | undefined;
  let complete = true;
  let origin = node.origin;
  const out = text.replace(use, (match: string, escaped: string, name: string) => {
    if (escaped) return match.slice(1);
    const at = partOf(node, match);
    if (!match.endsWith("}")) {
      complete = false;
      found.push(errorAt(at, "bad-substitution", `"${match}" has no closing brace`, `Write \${name}.`));
      return "";
    }
    const value = lookUp(name, at, names, found, inside);
    if (!value || isBroken(value)) {
      complete = false;
      return "";
    }
    if (value.type !== "scalar") {
      complete = false;
      found.push(
        errorAt(
          at,
          "bad-substitution",
          `"${name}" is ${value.type === "list" ? "a list" : "a map"}, which cannot stand inside a text`,
          `Write \${${name}} alone as the whole value.`,
        ),
      );
      return "";
    }
    from = value.from ?? value.at;
    origin = value.origin;
    return value.value === null
      ? ""
      : typeof value.value === "string"
        ? value.value
        : value.source || String(value.value);
  });
  if (!complete) return broken(node);
  names.budget.left -= out.length;
  return { ...node, mixed: true, value: out, source: out, origin, ...(from ? { from } : {}) };
}

/** Substitutes in a bare text, such as an output's file name. */
export function substituteText(text: string, at: Place, names: Names, found: Diagnostic[]): string {
  if (!text.includes("${")) return text;
  const node: Node = { type: "scalar", value: text, source: text, at, origin: "pipeline" };
  const done = replace(node, names, found, []);
  return done.type === "scalar" && done.value !== null ? String(done.value) : text;
}

/** The value shown at the place of its use, with the place where it was set kept for messages. */
function relocate(value: Node, at: Place, budget: Names["budget"]): Node {
  const from = value.from ?? value.at;
  budget.left -= 1;
  switch (value.type) {
    case "scalar":
      budget.left -= value.source.length;
      return { ...value, at, from };
    case "list":
      return { ...value, at, from, items: value.items.map((n) => relocate(n, at, budget)) };
    case "map": {
      const entries = new Map<string, Entry>();
      for (const [key, e] of value.entries) entries.set(key, { key, at, value: relocate(e.value, at, budget) });
      return { ...value, at, from, entries };
    }
  }
}

/** The place of a piece of a scalar, exact unless quotes or folds moved it. */
function partOf(node: ScalarNode, part: string): Place {
  const index = (node.value as string).indexOf(part);
  if (node.at.length === node.source.length) return { ...node.at, offset: node.at.offset + index, length: part.length };
  if (node.at.length === node.source.length + 2) {
    return { ...node.at, offset: node.at.offset + 1 + index, length: part.length };
  }
  return node.at;
}

function lookUp(
  name: string,
  at: Place,
  names: Names,
  found: Diagnostic[],
  inside: readonly string[],
): Node | undefined {
  if (names.budget.left <= 0) {
    if (names.budget.left > Number.NEGATIVE_INFINITY) {
      found.push(
        errorAt(
          at,
          "substitution-too-large",
          `The parameters of the pipeline, put into one another, stand for more than ${substitutionLimit} values`,
          "Use a collection and each: in place of long lists.",
        ),
      );
    }
    names.budget.left = Number.NEGATIVE_INFINITY; // told once
    return undefined;
  }
  if (name.startsWith("env.")) return lookUpEnv(name.slice(4), at, names, found);
  const entry = names.params.get(name);
  if (!entry) {
    const known = [...names.params.keys()];
    found.push(
      errorAt(
        at,
        "unknown-param",
        `The pipeline has no parameter "${name}".${didYouMean(name, known)}`,
        known.length > 0 ? undefined : "Name it under params: with a value.",
      ),
    );
    return undefined;
  }
  if (inside.includes(name) || inside.length >= depthLimit) {
    found.push(
      errorAt(
        entry.at,
        "param-cycle",
        `Parameter "${name}" stands for itself: ${[...inside.slice(Math.max(0, inside.indexOf(name))), name].join(" -> ")}`,
        "Give one of them a value of its own.",
      ),
    );
    return undefined;
  }
  return replace(entry.value, names, found, [...inside, name]);
}

function lookUpEnv(name: string, at: Place, names: Names, found: Diagnostic[]): Node | undefined {
  if (!names.env.has(name)) {
    found.push(
      errorAt(
        at,
        "env-undeclared",
        `The environment variable "${name}" is not declared, so the pipeline may not read it.${didYouMean(name, names.env.keys())}`,
        `Add env: [${name}] to the top of the pipeline.`,
      ),
    );
    return undefined;
  }
  const value = names.env.get(name);
  return value === undefined ? undefined : { type: "scalar", value, source: value, at, origin: "pipeline" };
}
