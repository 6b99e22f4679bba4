import type { Diagnostic } from "../core/diagnostic.js";
import { isForbiddenName, parseText, withoutMark } from "./document.js";
import { type Entry, errorAt, type MapNode, type Node } from "./node.js";
import { closest, didYouMean } from "./suggest.js";

/** Keys that may stand at the top of a pipeline. */
export const topKeys = [
  "tiepoint",
  "name",
  "about",
  "extends",
  "plugins",
  "env",
  "seed",
  "params",
  "inputs",
  "defaults",
  "steps",
  "outputs",
] as const;

/** Laid over one another: maps merge deeply, everything else of `over` replaces what `under` has. Order of keys: `under` first. */
export function merge(under: MapNode, over: MapNode): MapNode {
  const entries = new Map(under.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key)?.value;
    const value = below?.type === "map" && entry.value.type === "map" ? merge(below, entry.value) : entry.value;
    entries.set(key, { key, at: entry.at, value });
  }
  return { ...over, entries };
}

/** Name of the made-up file that holds the texts of `--set`, one a line. */
export const setFile = "--set";

/**
 * Applies `--set a.b=c` texts to a document.
 *
 * The first word of a path is a parameter's name or a top-level key. Everything but the last word must exist; a step reference or file in
 * short form becomes a map when a key is set inside it.
 *
 * @returns the document, and the text of the made-up file that places point into
 */
export function applySettings(
  document: MapNode,
  settings: readonly string[],
): { document: MapNode; text: string; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const lines = settings.map((s) => s.replace(/[\r\n]+/g, " "));
  let offset = 0;
  let result = document;
  for (const line of lines) {
    const equals = line.indexOf("=");
    const path = line.slice(0, equals < 0 ? line.length : equals).trim();
    const at = { file: setFile, offset, length: Math.max(1, equals < 0 ? line.length : equals) };
    if (equals < 0 || path === "") {
      diagnostics.push(
        errorAt(at, "bad-setting", `Expected NAME=VALUE after --set, but found "${line}"`, 'Write --set NAME="VALUE".'),
      );
    } else {
      const valueText = line.slice(equals + 1);
      const parsed = parseValue(valueText, offset + equals + 1);
      if (!parsed.node) diagnostics.push(...parsed.diagnostics);
      else result = setPath(result, path, at, parsed.node, diagnostics);
    }
    offset += line.length + 1;
  }
  return { document: result, text: lines.join("\n"), diagnostics };
}

function parseValue(text: string, offset: number): { node?: Node; diagnostics: readonly Diagnostic[] } {
  const at = { file: setFile, offset, length: Math.max(1, text.length) };
  if (text.trim() === "") {
    return { node: { type: "scalar", value: "", source: "", at, origin: "--set" }, diagnostics: [] };
  }
  const parsed = parseText(setFile, text, "--set");
  if (!parsed.ok) {
    // Texts such as `>= 20` or `a: b: c` mean themselves: a shell has its own quotes, and a second pair is a nuisance.
    const d = parsed.diagnostics[0]!;
    if (d.code === "yaml-syntax")
      return {
        node: { type: "scalar", value: text.trim(), source: text.trim(), at, origin: "--set" },
        diagnostics: [],
      };
    return { diagnostics: parsed.diagnostics.map((x) => ({ ...x, at })) };
  }
  return { node: shift(parsed.value.root, offset), diagnostics: [] };
}

/** Moves the places of a node that was parsed from a piece of a text. */
function shift(node: Node, by: number): Node {
  const at = { ...node.at, offset: node.at.offset + by };
  switch (node.type) {
    case "scalar":
      return { ...node, at };
    case "list":
      return { ...node, at, items: node.items.map((n) => shift(n, by)) };
    case "map": {
      const entries = new Map<string, Entry>();
      for (const [key, e] of node.entries) {
        entries.set(key, { key, at: { ...e.at, offset: e.at.offset + by }, value: shift(e.value, by) });
      }
      return { ...node, at, entries };
    }
  }
}

/** Keys under which the short form of an input or output is written out: `a.tif` is `{ file: a.tif }`. */
const longForm: Readonly<Record<string, string>> = { inputs: "file", outputs: "from" };

interface Setting {
  readonly path: string;
  readonly at: Entry["at"];
  readonly value: Node;
  readonly diagnostics: Diagnostic[];
}

/** A copy of the document with one value replaced, or unchanged after a diagnostic. */
function setPath(document: MapNode, path: string, at: Entry["at"], value: Node, diagnostics: Diagnostic[]): MapNode {
  const setting: Setting = { path, at, value, diagnostics };
  const parameters = document.entries.get("params")?.value;
  const params = parameters?.type === "map" ? parameters.entries : new Map<string, Entry>();
  const head = path.split(".")[0]!;
  const isParam = matchKey(params, path) !== undefined;
  if (isParam) return setUnder(document, `params.${path}`, 0, "params", setting);
  if ((topKeys as readonly string[]).includes(head)) return setUnder(document, path, 0, head, setting);
  const suggestion = suggestPath(document, path, [...params.keys()]);
  diagnostics.push(
    errorAt(
      at,
      "unknown-setting",
      `The pipeline has no parameter or key "${path}".${suggestion}`,
      params.size > 0 ? `Parameters of this pipeline: ${[...params.keys()].slice(0, 20).join(", ")}.` : undefined,
    ),
  );
  return document;
}

function suggestPath(document: MapNode, path: string, params: readonly string[]): string {
  const head = path.split(".")[0]!;
  for (const section of ["steps", "inputs", "outputs"]) {
    const map = document.entries.get(section)?.value;
    if (map?.type === "map" && matchKey(map.entries, path) !== undefined) {
      return ` Did you mean "${section}.${path}"?`;
    }
  }
  const near = closest(head, [...params, ...topKeys]);
  return near === undefined ? "" : ` Did you mean "${near}${path.slice(head.length)}"?`;
}

/** The key that begins `path`, the longest when several do: keys may hold dots themselves. */
function matchKey(entries: ReadonlyMap<string, unknown>, path: string): string | undefined {
  let end = path.length;
  while (end > 0) {
    const key = path.slice(0, end);
    if (entries.has(key)) return key;
    end = path.lastIndexOf(".", end - 1);
  }
  return undefined;
}

/** @param path  what is left of the setting's path below `map` */
function setUnder(map: MapNode, path: string, depth: number, section: string, setting: Setting): MapNode {
  const { at, value, diagnostics } = setting;
  const key = matchKey(map.entries, path);
  if (key === undefined) {
    const head = path.split(".")[0]!;
    if (path.split(".").some(isForbiddenName)) {
      diagnostics.push(errorAt(at, "forbidden-name", `"${path}" cannot be used as a name`));
      return map;
    }
    // New names are welcome where the checker knows which are right; a new step or input would only be a misspelt one.
    if (depth === 1 && section === "outputs") return withEntry(map, path, at, value);
    if (depth === 1 && section !== "defaults") {
      diagnostics.push(
        errorAt(
          at,
          "unknown-setting",
          `There is no "${section}.${head}" to set.${didYouMean(
            `${section}.${head}`,
            [...map.entries.keys()].map((k) => `${section}.${k}`),
          )}`,
        ),
      );
      return map;
    }
    if (head === path) return withEntry(map, path, at, value);
    const empty: MapNode = { type: "map", entries: new Map(), at, origin: "--set" };
    return withEntry(map, head, at, setUnder(empty, path.slice(head.length + 1), depth + 1, section, setting));
  }
  const entry = map.entries.get(key)!;
  const rest = path.slice(key.length + 1);
  if (rest === "") return withEntry(map, key, at, value);
  const long = depth === 1 ? longForm[section] : undefined;
  const child =
    long !== undefined && entry.value.type === "scalar"
      ? withEntry({ ...entry.value, type: "map", entries: new Map() }, long, entry.value.at, entry.value)
      : entry.value;
  if (child.type !== "map") {
    diagnostics.push(
      errorAt(at, "unknown-setting", `"${setting.path}" cannot be set: "${key}" holds no names`, undefined, [
        { at: entry.at, message: "here" },
      ]),
    );
    return map;
  }
  return withEntry(map, key, entry.at, setUnder(child, rest, depth + 1, section, setting));
}

function withEntry(map: MapNode, key: string, at: Entry["at"], value: Node): MapNode {
  const entries = new Map(map.entries);
  entries.set(key, { key, at, value });
  return { ...map, entries };
}

/** Applies a `--params` file: its first words are parameters of the pipeline or top-level keys. */
export function applyParamsFile(
  document: MapNode,
  file: string,
  text: string,
): { document: MapNode; diagnostics: readonly Diagnostic[] } {
  const parsed = parseText(file, withoutMark(text), "params-file");
  if (!parsed.ok) return { document, diagnostics: parsed.diagnostics };
  const root = parsed.value.root;
  if (root.type !== "map") {
    return { document, diagnostics: [errorAt(root.at, "not-a-map", "A parameter file is a map of names to values")] };
  }
  const diagnostics: Diagnostic[] = [...parsed.value.warnings];
  const known = document.entries.get("params")?.value;
  const params = known?.type === "map" ? known.entries : new Map<string, Entry>();
  const below = new Map<string, Entry>();
  const top = new Map<string, Entry>();
  for (const [key, entry] of root.entries) {
    if (params.has(key)) below.set(key, entry);
    else if ((topKeys as readonly string[]).includes(key)) {
      top.set(key, entry);
      if (key === "params" && entry.value.type === "map") {
        for (const [name, e] of entry.value.entries) if (!params.has(name)) diagnostics.push(unknown(name, e.at));
      }
    } else diagnostics.push(unknown(key, entry.at));
  }
  function unknown(name: string, at: Entry["at"]): Diagnostic {
    return errorAt(
      at,
      "unknown-setting",
      `The pipeline has no parameter "${name}".${didYouMean(name, [...params.keys(), ...topKeys])}`,
    );
  }
  let result = merge(document, { ...root, entries: top, at: document.at });
  if (below.size > 0) {
    const layer: MapNode = { ...root, entries: below };
    const at = result.entries.get("params")!.at;
    result = merge(result, {
      ...root,
      at: document.at,
      entries: new Map([["params", { key: "params", at, value: layer }]]),
    });
  }
  return { document: result, diagnostics };
}
