import type { Diagnostic } from "../core/diagnostic.js";
import { type AnyPlugin, kebab, type ParsedPort, type Ports, parsePort } from "../core/plugin.js";
import type { ParamOrigin } from "../core/record.js";
import { describe, type Entry, errorAt, isBroken, type MapNode, type Node, type ScalarNode } from "./node.js";
import type { Bound, PortUse, Reading, Reference } from "./spec.js";
import { didYouMean } from "./suggest.js";
import { checkValue, defaultOf, paramsByName } from "./values.js";

/** What is bound: how messages call it, and which keys are not the plugin's. */
export interface Binding {
  readonly id: string;
  readonly plugin: AnyPlugin;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly reserved: readonly string[];
  /** Place for what is missing. */
  readonly at: Entry["at"];
  /** `step`: file ports take names of inputs. `reader`: file ports take paths, the first one is given. `writer`: the fitting port is given. */
  readonly role: "step" | "reader" | "writer";
  /** Ports that are filled by other means. */
  readonly given?: readonly string[];
}

type PortsByName = ReadonlyMap<string, { readonly port: string; readonly type: ParsedPort }>;
const knownPorts = new WeakMap<Ports, PortsByName>();

/** Ports of a plugin by the names that YAML uses, with their camelCase names. */
export function portsByName(ports: Ports): PortsByName {
  let found = knownPorts.get(ports);
  if (!found) {
    found = new Map(Object.entries(ports).map(([port, type]) => [kebab(port), { port, type: parsePort(type) }]));
    knownPorts.set(ports, found);
  }
  return found;
}

/**
 * Sorts the keys of a step, input or output into ports and parameters of its plugin, and checks each.
 *
 * A key is a port when the manifest has one of that name, else a parameter, else one of the reserved words, else unknown.
 */
export function bind(binding: Binding, reading: Reading): Bound {
  const { id, plugin, entries, reserved, at, role } = binding;
  const { found } = reading;
  const ports = portsByName(plugin.inputs as Ports);
  const params = paramsByName(plugin);
  const given = new Set(binding.given ?? []);
  const uses: PortUse[] = [];
  const files: Record<string, ScalarNode> = {};
  const values: Record<string, unknown> = {};
  const origins: Record<string, ParamOrigin> = {};
  const set = new Set<string>();
  for (const [key, entry] of entries) {
    const port = ports.get(key);
    const param = params.get(key);
    if (port && !given.has(port.port)) {
      set.add(key);
      if (role === "reader" && port.type.type === "file") {
        if (entry.value.type === "scalar" && typeof entry.value.value === "string") files[port.port] = entry.value;
        else
          found.push(
            errorAt(entry.value.at, "bad-reference", `Expected a file for ${key}, but found ${describe(entry.value)}`),
          );
      } else {
        const use = readPort(key, port.port, port.type, entry.value, reading);
        if (use) uses.push(use);
      }
    } else if (param) {
      set.add(key);
      const value = checkValue(entry.value, param, key, found);
      if (value !== undefined) {
        values[key] = value;
        origins[key] = entry.value.origin;
      }
    } else if (!reserved.includes(key)) {
      const known = [...ports.keys(), ...params.keys()];
      const absent = [...known.filter((k) => !entries.has(k)), ...reserved];
      const suggestion = didYouMean(key, absent) || didYouMean(key, known);
      found.push(
        errorAt(
          entry.at,
          "unknown-parameter",
          `${id} has no parameter "${key}".${suggestion}`,
          suggestion === "" && known.length > 0 ? `It knows ${known.join(", ")}.` : undefined,
        ),
      );
      // A misspelt port or parameter must not be reported as missing too.
      const meant = /"([^"]+)"\?$/.exec(suggestion)?.[1];
      if (meant !== undefined) set.add(meant);
    }
  }
  fillParams(binding, reading, set, values, origins);
  const missing = [...ports].filter(([key, p]) => !set.has(key) && !given.has(p.port) && !p.type.optional);
  for (const [key, { type }] of missing) {
    const what = type.list ? `a list of ${type.type}s` : type.type;
    const word = role === "reader" ? "the input" : role === "writer" ? "the output" : "the step";
    found.push(
      errorAt(
        at,
        "missing-input",
        `${id} needs "${key}" (${what}), which ${word} does not give`,
        `Add ${key}: and the name of a step or input.`,
      ),
    );
  }
  return { id, plugin, ports: uses, params: values, origins, files };
}

/** Fills in what the user did not write, from `defaults:` and the manifest, in the manifest's order. */
function fillParams(
  { id, plugin, at }: Binding,
  { defaults, found }: Reading,
  set: ReadonlySet<string>,
  values: Record<string, unknown>,
  origins: Record<string, ParamOrigin>,
): void {
  const own = defaults.get(id)?.entries;
  for (const [key, schema] of paramsByName(plugin)) {
    if (set.has(key)) continue;
    const entry = own?.get(key);
    if (entry) {
      // Checked once, where defaults: is read; a wrong value was reported there.
      const value = checkValue(entry.value, schema, key, []);
      if (value !== undefined) {
        values[key] = value;
        origins[key] = "defaults";
      }
      continue;
    }
    const value = defaultOf(schema);
    if (value !== undefined) {
      values[key] = value;
      origins[key] = "default";
    } else if (!schema.optional) {
      found.push(
        errorAt(at, "missing-parameter", `${id} needs the parameter "${key}": ${schema.description}`, `Add ${key}:.`),
      );
    }
  }
}

function readPort(key: string, port: string, type: ParsedPort, value: Node, { found }: Reading): PortUse | undefined {
  if (value.type === "list" && type.list) {
    const references = value.items.map((item) => readReference(key, item, found)).filter((r) => r !== undefined);
    return references.length === value.items.length ? { port, type, references, listed: true } : undefined;
  }
  if (value.type === "list") {
    found.push(
      errorAt(
        value.at,
        "list-for-one",
        `"${key}" takes one ${type.type}, but found a list`,
        "Name one step or input, or open a block with each:.",
      ),
    );
    return undefined;
  }
  const reference = readReference(key, value, found);
  return reference && { port, type, references: [reference], listed: false };
}

/** Reads a name that stands where a port wants a value. */
export function readReference(key: string, node: Node, found: Diagnostic[]): Reference | undefined {
  if (node.type === "scalar" && node.value !== null && node.source !== "") {
    return { text: typeof node.value === "string" ? node.value : node.source, at: node.at };
  }
  if (!isBroken(node)) {
    found.push(
      errorAt(
        node.at,
        "bad-reference",
        `Expected the name of a step or input for ${key}, but found ${describe(node)}`,
        node.type === "map" ? "Give the inner step a name of its own, and write that name here." : undefined,
      ),
    );
  }
  return undefined;
}

/** Checks one plugin's part of `defaults:`, so that a mistake is told once and not at every step. */
export function checkDefaults(id: string, plugin: AnyPlugin, map: MapNode, found: Diagnostic[]): void {
  const params = paramsByName(plugin);
  for (const [key, entry] of map.entries) {
    const schema = params.get(key);
    if (schema) checkValue(entry.value, schema, key, found);
    else {
      found.push(
        errorAt(entry.at, "unknown-parameter", `${id} has no parameter "${key}".${didYouMean(key, params.keys())}`),
      );
    }
  }
}
