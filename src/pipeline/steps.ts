import { type Ports, parsePort } from "../core/plugin.js";
import { bind, portsByName, readReference } from "./bind.js";
import { isJudged, readGates, verdictGate } from "./gates.js";
import { describe, type Entry, errorAt, isBroken, type MapNode, type Node, problemLimit } from "./node.js";
import type { BlockSpec, EachSpec, OnFail, PluginSet, Reading, StepSpec } from "./spec.js";
import { closest, didYouMean } from "./suggest.js";
import { paramsByName } from "./values.js";

export const stepKeys = ["use", "require", "on-fail", "keep", "seed", "about"] as const;
export const blockKeys = ["each", "steps", "on-fail", "about"] as const;
export const eachKinds = ["neighbours", "consecutive", "pairs-within"] as const;
const failWords: readonly OnFail[] = ["stop", "skip", "warn"];

/** A name of an input, step or block: a letter, then letters, digits, `-` and `_`. */
export const namePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/;
export const largestSeed = Number.MAX_SAFE_INTEGER;

/** Checks a name of an input, step or parameter. */
export function checkName(entry: Entry, what: string, reading: Reading): boolean {
  if (entry.key === "report" && what !== "parameter") {
    reading.found.push(
      errorAt(
        entry.at,
        "reserved-name",
        '"report" is the built-in report of the run',
        `Give the ${what} another name.`,
      ),
    );
    return false;
  }
  if (namePattern.test(entry.key)) return true;
  reading.found.push(
    errorAt(
      entry.at,
      "bad-name",
      `"${entry.key}" cannot be the name of ${what === "input" ? "an" : "a"} ${what}: a name begins with a letter and has letters, digits, - and _ only`,
      suggestName(entry.key),
    ),
  );
  return false;
}

function suggestName(text: string): string | undefined {
  const name = text.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[^A-Za-z_]+|-+$/g, "");
  return namePattern.test(name) ? `Write ${name}.` : undefined;
}

/** Reads `steps:` of the pipeline or of a block. */
export function readSteps(node: Node, reading: Reading): ReadonlyMap<string, StepSpec | BlockSpec> {
  const steps = new Map<string, StepSpec | BlockSpec>();
  if (node.type !== "map") {
    const isList = node.type === "list";
    reading.found.push(
      errorAt(
        node.at,
        "not-a-map",
        `Expected a map of steps by name under steps:, but found ${describe(node)}`,
        isList ? "Give each step a name: drop the dashes and write NAME: { use: … }." : "Write NAME: { use: … }.",
      ),
    );
    return steps;
  }
  for (const [name, entry] of node.entries) {
    if (reading.found.length >= problemLimit) break;
    if (!checkName(entry, "step", reading)) continue;
    const step = readStep(entry, reading);
    if (step) steps.set(name, step);
    else reading.broken.add(name);
  }
  return steps;
}

function readStep(entry: Entry, reading: Reading): StepSpec | BlockSpec | undefined {
  const { value } = entry;
  if (value.type !== "map") {
    const text = value.type === "scalar" ? value.source : "";
    const isPlugin = reading.plugins.ids.includes(text);
    reading.found.push(
      errorAt(
        value.at,
        "not-a-map",
        `Expected a map for step "${entry.key}", but found ${describe(value)}`,
        `Write ${entry.key}: { use: ${isPlugin ? text : "KIND/NAME"}, … }.`,
      ),
    );
    return undefined;
  }
  const { entries } = value;
  if (!entries.has("use") && (entries.has("each") || entries.has("steps"))) return readBlock(entry, value, reading);
  const use = entries.get("use");
  if (!use) {
    const meant = [...entries.values()].find((e) => closest(e.key, ["use", "each"]) !== undefined);
    const plugin = meant?.value.type === "scalar" && reading.plugins.ids.includes(meant.value.source);
    if (meant && (plugin || closest(meant.key, ["use"]))) {
      reading.found.push(
        errorAt(meant.at, "unknown-key", `A step has no key "${meant.key}".${didYouMean(meant.key, ["use", "each"])}`),
      );
    } else if (meant) {
      reading.found.push(
        errorAt(meant.at, "unknown-key", `A block has no key "${meant.key}".${didYouMean(meant.key, ["each"])}`),
      );
    } else {
      reading.found.push(
        errorAt(
          entry.at,
          "missing-use",
          `Step "${entry.key}" does not say which plugin it uses`,
          "Add use: KIND/NAME; `tiepoint plugins` lists them.",
        ),
      );
    }
    return undefined;
  }
  const plugin = findPlugin(use, reading.plugins, reading);
  if (!plugin) return undefined;
  const { id } = plugin;
  if (plugin.plugin.kind === "write") {
    reading.found.push(
      errorAt(
        use.value.at,
        "writer-as-step",
        `${id} writes files, which is what outputs: is for`,
        `Remove the step, and write FILE: { from: NAME, use: ${id} } under outputs:.`,
      ),
    );
    return undefined;
  }
  const bound = bind({ id, plugin: plugin.plugin, entries, reserved: stepKeys, at: entry.at, role: "step" }, reading);
  const own = (key: (typeof stepKeys)[number]): Entry | undefined => {
    const theirs = portsByName(plugin.plugin.inputs as Ports).has(key) || paramsByName(plugin.plugin).has(key);
    return theirs ? undefined : entries.get(key);
  };
  const gates = own("require") ? readGates(own("require")!.value, reading.found) : [];
  if (isJudged(plugin.plugin) && !gates.some((g) => g.metric === "verdict")) {
    gates.push(verdictGate(entry.at));
  }
  const onFail = readOnFail(own("on-fail"), reading);
  const seed = readSeed(own("seed"), reading);
  return {
    kind: "step",
    name: entry.key,
    at: entry.at,
    bound,
    gates,
    keep: readFlag(own("keep"), reading),
    ...(onFail ? { onFail } : {}),
    ...(seed === undefined ? {} : { seed }),
  };
}

/** The plugin that a `use:` names, or a diagnostic. */
export function findPlugin(use: Entry, plugins: PluginSet, reading: Reading) {
  const node = use.value;
  if (node.type !== "scalar" || typeof node.value !== "string") {
    reading.found.push(
      errorAt(node.at, "unknown-plugin", `Expected KIND/NAME of a plugin after use:, but found ${describe(node)}`),
    );
    return undefined;
  }
  if (node.from) {
    reading.found.push(
      errorAt(
        node.at,
        "unknown-plugin",
        "use: names a plugin itself, not through a parameter",
        `Write use: ${node.value}; --set steps.NAME.use=KIND/NAME changes it from outside.`,
      ),
    );
    return undefined;
  }
  const plugin = plugins.loaded.get(node.value);
  if (plugin) return { id: node.value, plugin };
  const sameKind = plugins.ids.filter((id) => id.startsWith(`${(node.value as string).split("/")[0]}/`));
  const suggestion = didYouMean(node.value, plugins.ids);
  reading.found.push(
    errorAt(
      node.at,
      "unknown-plugin",
      `There is no plugin "${node.value}".${suggestion}`,
      suggestion === "" && sameKind.length > 0 ? `Of this kind there are ${sameKind.join(", ")}.` : undefined,
    ),
  );
  return undefined;
}

function readBlock(entry: Entry, map: MapNode, reading: Reading): BlockSpec | undefined {
  for (const [key, e] of map.entries) {
    if ((blockKeys as readonly string[]).includes(key)) continue;
    reading.found.push(
      errorAt(
        e.at,
        "unknown-key",
        `A block with each: has no key "${key}".${didYouMean(key, blockKeys)}`,
        key === "require" ? "Put require: at a step of the block." : undefined,
      ),
    );
  }
  const each = map.entries.get("each");
  const steps = map.entries.get("steps");
  // A misspelt key is told above; the missing one would be the same mistake again.
  const misspelt = (word: string) => [...map.entries.keys()].some((k) => closest(k, [word]) === word);
  if (!each) {
    if (!misspelt("each")) {
      reading.found.push(
        errorAt(
          entry.at,
          "missing-each",
          `Block "${entry.key}" has steps: but does not say what they run over`,
          "Add each: and the name of a collection.",
        ),
      );
    }
    if (steps) readSteps(steps.value, reading);
    return undefined;
  }
  const read = readEach(each, reading);
  if (!steps) {
    if (!misspelt("steps")) {
      reading.found.push(
        errorAt(entry.at, "missing-steps", `Block "${entry.key}" has no steps:`, "Add steps: with a step."),
      );
    }
    return undefined;
  }
  const inner = readSteps(steps.value, reading);
  const onFail = readOnFail(map.entries.get("on-fail"), reading);
  if (!read) return undefined;
  return { kind: "block", name: entry.key, at: entry.at, each: read, steps: inner, ...(onFail ? { onFail } : {}) };
}

function readEach(entry: Entry, reading: Reading): EachSpec | undefined {
  const { value } = entry;
  const { found } = reading;
  if (value.type !== "map") {
    const of = readReference("each", value, found);
    return of && { kind: "items", of, range: 0, at: value.at };
  }
  const [first, second] = [...value.entries.values()];
  const kinds = eachKinds.join(", ");
  if (!first || second) {
    found.push(errorAt(second?.at ?? value.at, "bad-each", `Expected one of ${kinds} under each:`));
    return undefined;
  }
  const kind = eachKinds.find((k) => k === first.key);
  if (!kind) {
    found.push(
      errorAt(
        first.at,
        "bad-each",
        `Expected one of ${kinds} under each:, but found "${first.key}".${didYouMean(first.key, eachKinds)}`,
      ),
    );
    return undefined;
  }
  if (kind !== "pairs-within") {
    const of = readReference(kind, first.value, found);
    return of && { kind, of, range: 0, at: first.at };
  }
  if (first.value.type !== "map") {
    found.push(
      errorAt(
        first.value.at,
        "bad-each",
        `Expected a map for pairs-within, but found ${describe(first.value)}`,
        "Write pairs-within: { of: NAME, range: 3 }.",
      ),
    );
    return undefined;
  }
  const { entries } = first.value;
  for (const [key, e] of entries) {
    if (key === "of" || key === "range") continue;
    found.push(errorAt(e.at, "unknown-key", `pairs-within has no key "${key}".${didYouMean(key, ["of", "range"])}`));
    return undefined;
  }
  const ofEntry = entries.get("of");
  const rangeEntry = entries.get("range");
  if (!ofEntry || !rangeEntry) {
    found.push(
      errorAt(
        first.at,
        "bad-each",
        `pairs-within needs "${ofEntry ? "range" : "of"}"`,
        "Write pairs-within: { of: NAME, range: 3 }.",
      ),
    );
    return undefined;
  }
  const of = readReference("of", ofEntry.value, found);
  const range = readCount(rangeEntry, 1, reading);
  return of && range !== undefined ? { kind, of, range, at: first.at } : undefined;
}

/** A whole number of at least `minimum`. */
export function readCount(entry: Entry, minimum: number, reading: Reading): number | undefined {
  const { value } = entry;
  if (value.type === "scalar" && Number.isInteger(value.value) && (value.value as number) >= minimum) {
    return value.value as number;
  }
  if (isBroken(value)) return undefined;
  reading.found.push(
    errorAt(
      value.at,
      "parameter-type",
      `Expected a whole number of at least ${minimum} for ${entry.key}, but found ${describe(value)}`,
    ),
  );
  return undefined;
}

function readOnFail(entry: Entry | undefined, reading: Reading): OnFail | undefined {
  if (!entry) return undefined;
  const { value } = entry;
  const text = value.type === "scalar" ? value.source : "";
  const word = failWords.find((w) => w === text);
  if (word || isBroken(value)) return word;
  reading.found.push(
    errorAt(
      value.at,
      "unknown-choice",
      `Expected one of ${failWords.join(", ")} for on-fail, but found ${describe(value)}.${didYouMean(text, failWords)}`,
    ),
  );
  return undefined;
}

export function readFlag(entry: Entry | undefined, reading: Reading): boolean {
  if (!entry) return false;
  const { value } = entry;
  if (value.type === "scalar" && typeof value.value === "boolean") return value.value;
  if (isBroken(value)) return false;
  reading.found.push(
    errorAt(value.at, "parameter-type", `Expected true or false for ${entry.key}, but found ${describe(value)}`),
  );
  return false;
}

export function readSeed(entry: Entry | undefined, reading: Reading): number | undefined {
  return entry ? readCount(entry, 0, reading) : undefined;
}

/** The output that a bare step name means, or `undefined` for a plugin that gives nothing. */
export function firstOutput(outputs: Ports) {
  const [name] = Object.keys(outputs);
  return name === undefined ? undefined : { name, type: parsePort(outputs[name]!) };
}
