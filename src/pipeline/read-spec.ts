import type { Diagnostic, Place } from "../core/diagnostic.js";
import { checkDefaults, readReference } from "./bind.js";
import { isForbiddenName } from "./document.js";
import { readInputs } from "./inputs.js";
import { topKeys } from "./layers.js";
import { describe, type Entry, errorAt, type MapNode, type Node, problemLimit } from "./node.js";
import type { OutputSpec, PluginSet, Reading, Spec } from "./spec.js";
import { checkName, readSeed, readSteps } from "./steps.js";
import { type Names, substitute, substituteText, substitutionLimit } from "./substitute.js";
import { closest, didYouMean } from "./suggest.js";

/** The seed of a pipeline that names none. */
export const defaultSeed = 1;

export interface SpecOptions {
  /** Path of the pipeline file. */
  readonly file: string;
  readonly plugins: PluginSet;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const emptyMap = (at: Place): MapNode => ({ type: "map", entries: new Map(), at, origin: "pipeline" });

/**
 * Reads a merged document into a spec: parameters put in, every step bound to its plugin, all values checked.
 * Names of steps and inputs are looked up later, by the plan.
 *
 * @returns what could be read, with everything that is wrong
 */
export function readSpec(written: MapNode, options: SpecOptions): { spec: Spec; diagnostics: readonly Diagnostic[] } {
  const found: Diagnostic[] = [];
  const document = checkTop(written, found);
  const section = (key: (typeof topKeys)[number]): MapNode => readSection(document, key, found);
  const env = readEnv(document.entries.get("env"), options.env, found);
  const params = section("params");
  const loose: Reading = { plugins: options.plugins, defaults: new Map(), found, broken: new Set() };
  for (const entry of params.entries.values()) {
    if (found.length >= problemLimit) break;
    if (checkName(entry, "parameter", loose) && entry.key === "env") {
      found.push(
        errorAt(entry.at, "reserved-name", '"env" stands for the environment', "Give the parameter another name."),
      );
    }
  }
  const names: Names = { params: params.entries, env, budget: { left: substitutionLimit } };
  const fill = (node: MapNode): MapNode => substitute(node, names, found) as MapNode;
  for (const [key, e] of params.entries) fill({ ...params, entries: new Map([[key, e]]) });
  const defaults = readDefaults(fill(section("defaults")), options.plugins, found);
  const reading: Reading = { plugins: options.plugins, defaults, found, broken: new Set() };
  const inputs = readInputs(fill(section("inputs")), reading);
  const stepsEntry = document.entries.get("steps");
  const steps = stepsEntry ? readSteps(substitute(nullToMap(stepsEntry), names, found), reading) : new Map();
  checkClashes(inputs, steps, found);
  const outputs = readOutputs(fill(section("outputs")), names, reading);
  const seedEntry = document.entries.get("seed");
  const seed = seedEntry && readSeed({ ...seedEntry, value: substitute(seedEntry.value, names, found) }, reading);
  const about = readText(document.entries.get("about"), found);
  const name = readText(document.entries.get("name"), found);
  const spec: Spec = {
    name: name ?? baseName(options.file),
    ...(about === undefined ? {} : { about }),
    file: options.file,
    seed: seed ?? defaultSeed,
    env: Object.fromEntries([...env].filter((e): e is [string, string] => e[1] !== undefined)),
    plugins: readPluginNames(document.entries.get("plugins"), found),
    inputs,
    steps,
    outputs,
    broken: reading.broken,
    defaults,
  };
  return { spec, diagnostics: withoutRepeats(found) };
}

/** A parameter that is wrong is told once, not once for each use. */
function withoutRepeats(found: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return found.filter((d) => {
    const key = `${d.code} ${d.at?.file} ${d.at?.offset} ${d.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

const baseName = (file: string): string =>
  file
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\.ya?ml$/i, "")
    .replace(/\.(tiepoint|pipeline)$/i, "");

const nullToMap = (entry: Entry): Node =>
  entry.value.type === "scalar" && entry.value.value === null ? emptyMap(entry.at) : entry.value;

/** Checks the top-level keys. A misspelt one is told, and then read as what it was meant to be. */
function checkTop(document: MapNode, found: Diagnostic[]): MapNode {
  const known = topKeys as readonly string[];
  const meant = new Map(document.entries);
  for (const [key, entry] of document.entries) {
    if (known.includes(key)) continue;
    const absent = known.filter((k) => !document.entries.has(k));
    const near = closest(key, absent) ?? closest(key, known);
    if (near !== undefined && !meant.has(near)) meant.set(near, { ...entry, key: near });
    found.push(
      errorAt(
        entry.at,
        "unknown-key",
        `A pipeline has no key "${key}".${near === undefined ? "" : ` Did you mean "${near}"?`}`,
        near === undefined ? `Its keys are ${known.join(", ")}.` : undefined,
      ),
    );
  }
  const version = meant.get("tiepoint");
  if (!version) {
    found.push(
      errorAt(
        { ...document.at, length: 1 },
        "version-missing",
        "The pipeline does not say which version of the language it is written in",
        "Begin with the line tiepoint: 1.",
      ),
    );
  } else if (version.value.type !== "scalar" || version.value.value !== 1) {
    found.push(
      errorAt(
        version.value.at,
        "version-unknown",
        `Expected tiepoint: 1, but found ${describe(version.value)}`,
        "This release reads version 1 of the pipeline language.",
      ),
    );
  }
  return { ...document, entries: meant };
}

function readSection(document: MapNode, key: string, found: Diagnostic[]): MapNode {
  const entry = document.entries.get(key);
  if (!entry) return emptyMap(document.at);
  const node = nullToMap(entry);
  if (node.type === "map") return node;
  found.push(
    errorAt(
      node.at,
      "not-a-map",
      `Expected a map under ${key}:, but found ${describe(node)}`,
      "Write NAME: VALUE, one a line.",
    ),
  );
  return emptyMap(entry.at);
}

function readEnv(
  entry: Entry | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  found: Diagnostic[],
): ReadonlyMap<string, string | undefined> {
  const env = new Map<string, string | undefined>();
  for (const item of readTexts(entry, found)) {
    if (isForbiddenName(item.text) || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(item.text)) {
      found.push(errorAt(item.at, "bad-name", `"${item.text}" is no name of an environment variable`));
      continue;
    }
    const value = Object.hasOwn(environment, item.text) ? environment[item.text] : undefined;
    if (value === undefined) {
      found.push(
        errorAt(
          item.at,
          "env-missing",
          `The environment variable "${item.text}" is not set`,
          `Set it before the run: ${item.text}=… tiepoint run …`,
        ),
      );
    }
    env.set(item.text, value);
  }
  return env;
}

/** Texts of a list such as `env:` and `plugins:`. */
function readTexts(entry: Entry | undefined, found: Diagnostic[]): { text: string; at: Place }[] {
  if (!entry) return [];
  const { value } = entry;
  if (value.type !== "list") {
    found.push(
      errorAt(
        value.at,
        "not-a-list",
        `Expected a list under ${entry.key}:, but found ${describe(value)}`,
        "Write [NAME, …].",
      ),
    );
    return [];
  }
  const texts: { text: string; at: Place }[] = [];
  for (const item of value.items) {
    if (item.type === "scalar" && typeof item.value === "string") texts.push({ text: item.value, at: item.at });
    else
      found.push(errorAt(item.at, "parameter-type", `Expected a text in ${entry.key}:, but found ${describe(item)}`));
  }
  return texts;
}

/** Specifiers of `plugins:`, as written. */
export function readPluginNames(entry: Entry | undefined, found: Diagnostic[]): string[] {
  const names: string[] = [];
  for (const { text, at } of readTexts(entry, found)) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(text)) {
      found.push(
        errorAt(
          at,
          "plugin-url",
          `"${text}" is an address; plugins are loaded from local files and installed packages only`,
        ),
      );
    } else names.push(text);
  }
  return names;
}

function readText(entry: Entry | undefined, found: Diagnostic[]): string | undefined {
  if (!entry) return undefined;
  const { value } = entry;
  if (value.type === "scalar" && value.value !== null) return String(value.value);
  found.push(errorAt(value.at, "parameter-type", `Expected a text for ${entry.key}, but found ${describe(value)}`));
  return undefined;
}

function readDefaults(section: MapNode, plugins: PluginSet, found: Diagnostic[]): ReadonlyMap<string, MapNode> {
  const defaults = new Map<string, MapNode>();
  for (const [id, entry] of section.entries) {
    const plugin = plugins.loaded.get(id);
    if (!plugin) {
      found.push(errorAt(entry.at, "unknown-plugin", `There is no plugin "${id}".${didYouMean(id, plugins.ids)}`));
    } else if (entry.value.type !== "map") {
      found.push(
        errorAt(
          entry.value.at,
          "not-a-map",
          `Expected a map of parameters for ${id}, but found ${describe(entry.value)}`,
        ),
      );
    } else {
      checkDefaults(id, plugin, entry.value, found);
      defaults.set(id, entry.value);
    }
  }
  return defaults;
}

function checkClashes(
  inputs: ReadonlyMap<string, { readonly at: Place }>,
  steps: ReadonlyMap<string, { readonly at: Place }>,
  found: Diagnostic[],
): void {
  for (const [name, step] of steps) {
    const input = inputs.get(name);
    if (!input) continue;
    found.push(
      errorAt(step.at, "name-clash", `"${name}" is an input and a step; names must differ`, "Rename one of them.", [
        { at: input.at, message: "the input of this name" },
      ]),
    );
  }
}

function readOutputs(section: MapNode, names: Names, reading: Reading): OutputSpec[] {
  const outputs: OutputSpec[] = [];
  for (const entry of section.entries.values()) {
    if (reading.found.length >= problemLimit) break;
    const file = substituteText(entry.key, entry.at, names, reading.found);
    const { value } = entry;
    if (value.type !== "map") {
      const from = readReference(`output "${file}"`, value, reading.found);
      if (from) outputs.push({ file, at: entry.at, from, settings: new Map() });
      continue;
    }
    const fromEntry = value.entries.get("from");
    if (!fromEntry) {
      const meant = [...value.entries.values()].find((e) => closest(e.key, ["from"]));
      reading.found.push(
        meant
          ? errorAt(meant.at, "unknown-key", `An output has no key "${meant.key}". Did you mean "from"?`)
          : errorAt(
              entry.at,
              "missing-from",
              `Output "${file}" does not say what is written`,
              "Add from: and the name of a step.",
            ),
      );
      continue;
    }
    const from = readReference("from", fromEntry.value, reading.found);
    const use = value.entries.get("use")?.value;
    if (!from) continue;
    outputs.push({
      file,
      at: entry.at,
      from,
      ...(use?.type === "scalar" ? { use } : {}),
      settings: value.entries,
    });
  }
  return outputs;
}
