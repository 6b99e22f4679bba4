import { readConditions } from "./gates.js";
import {
  describe,
  type Entry,
  errorAt,
  isBroken,
  type MapNode,
  problemLimit,
  type ScalarNode,
  shorten,
} from "./node.js";
import type { InputSpec, PointsSpec, Reading } from "./spec.js";
import { checkName, readCount, readFlag } from "./steps.js";
import { closest } from "./suggest.js";

/** Keys of an input that are not its reader's. */
export const inputKeys = [
  "file",
  "all",
  "table",
  "list",
  "where",
  "expect",
  "id",
  "points",
  "optional",
  "use",
  "about",
] as const;
/** Keys under `points:` that are not its reader's. */
export const pointsKeys = ["file", "use", "about"] as const;
const sources = ["file", "all", "table", "list"] as const;

/** Reads `inputs:`. Readers are chosen later, when it is known what each input is used for. */
export function readInputs(section: MapNode, reading: Reading): ReadonlyMap<string, InputSpec> {
  const inputs = new Map<string, InputSpec>();
  for (const [name, entry] of section.entries) {
    if (reading.found.length >= problemLimit) break;
    if (!checkName(entry, "input", reading)) continue;
    const input = readInput(entry, reading);
    if (input) inputs.set(name, input);
    else reading.broken.add(name);
  }
  return inputs;
}

function readInput(entry: Entry, reading: Reading): InputSpec | undefined {
  const { value, key: name, at } = entry;
  const { found } = reading;
  const none: ReadonlyMap<string, Entry> = new Map();
  if (value.type === "scalar") {
    const file = readFile(entry, reading);
    return file && { name, at, kind: "file", file, settings: none };
  }
  if (value.type === "list") {
    const list = readFiles(entry, reading);
    return list && { name, at, kind: "list", list, where: [], settings: none };
  }
  const given = sources.filter((s) => value.entries.has(s));
  if (given.length !== 1) {
    if (given.length > 1) {
      const second = value.entries.get(given[1]!)!;
      found.push(
        errorAt(
          second.at,
          "two-sources",
          `Input "${name}" gives both ${given[0]}: and ${given[1]}:`,
          "Keep one of them.",
        ),
      );
      return undefined;
    }
    const meant = [...value.entries.values()].find((e) => closest(e.key, sources));
    found.push(
      meant
        ? errorAt(
            meant.at,
            "unknown-key",
            `An input has no key "${meant.key}". Did you mean "${closest(meant.key, sources)}"?`,
          )
        : errorAt(
            at,
            "missing-file",
            `Input "${name}" does not say where its data is`,
            "Add file: with a path, all: with a pattern, or table: with a CSV file.",
          ),
    );
    return undefined;
  }
  const kind = given[0]!;
  const source = value.entries.get(kind)!;
  const pointsEntry = value.entries.get("points");
  const points = pointsEntry && readPoints(pointsEntry, reading);
  if (pointsEntry && !points) return undefined;
  const base = { name, at, settings: value.entries, ...usedBy(value), ...(points ? { points } : {}) };
  if (kind === "file") {
    for (const key of ["where", "expect", "id"]) {
      const stray = value.entries.get(key);
      if (stray) {
        found.push(errorAt(stray.at, "unknown-key", `${key}: belongs to a collection; "${name}" is one file`));
      }
    }
    if (!readFlag(value.entries.get("optional"), reading)) {
      const file = readFile(source, reading);
      return file && { ...base, kind, file };
    }
    if (source.value.type === "scalar" && source.value.value === "")
      return { ...base, kind, file: source.value, optional: "absent" };
    const file = readFile(source, reading);
    return file && { ...base, kind, file, optional: "given" };
  }
  const stray = value.entries.get("optional");
  if (stray) found.push(errorAt(stray.at, "unknown-key", `optional: belongs to one file; "${name}" is a collection`));
  const where = value.entries.get("where");
  const expect = value.entries.get("expect");
  const count = expect && readCount(expect, 1, reading);
  const id = value.entries.get("id")?.value;
  const text = kind === "list" ? undefined : readFile(source, reading);
  const list = kind === "list" ? readFiles(source, reading) : [];
  if (!list || (kind !== "list" && !text)) return undefined;
  return {
    ...base,
    kind,
    list,
    ...(text ? { source: text } : {}),
    where: where ? readConditions(where.value, found) : [],
    ...(expect && count !== undefined ? { expect: { count, at: expect.value.at } } : {}),
    ...(id?.type === "scalar" ? { id } : {}),
  };
}

const usedBy = (map: MapNode): { use?: ScalarNode } => {
  const use = map.entries.get("use")?.value;
  return use?.type === "scalar" ? { use } : {};
};

/** `points: FILE`, or a map with `file:` and what its reader shall know. */
function readPoints(entry: Entry, reading: Reading): PointsSpec | undefined {
  const { value, at } = entry;
  if (value.type !== "map") {
    const file = readFile(entry, reading);
    return file && { at, file, settings: new Map() };
  }
  const source = value.entries.get("file");
  if (!source) {
    reading.found.push(
      errorAt(at, "missing-file", "points: does not say where the points are", "Add file: with a path."),
    );
    return undefined;
  }
  const file = readFile(source, reading);
  return file && { at, file, settings: value.entries, ...usedBy(value) };
}

function readFile(entry: Entry, reading: Reading): ScalarNode | undefined {
  const { value } = entry;
  if (value.type === "scalar" && value.value !== null && value.source !== "") {
    const text = typeof value.value === "string" ? value.value : value.source;
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) {
      reading.found.push(
        errorAt(
          value.at,
          "remote-file",
          `"${shorten(text)}" is an address; inputs are files of this machine`,
          "Fetch it first.",
        ),
      );
      return undefined;
    }
    if (text.includes("*") && entry.key !== "all") {
      reading.found.push(
        errorAt(
          value.at,
          "pattern-for-one",
          `"${text}" is a pattern, which names many files`,
          `Write { all: "${text}" }.`,
        ),
      );
      return undefined;
    }
    return { ...value, value: text };
  }
  // A parameter that is unknown was told where it stands.
  if (!isBroken(value)) {
    reading.found.push(
      errorAt(value.at, "missing-file", `Expected a file for ${entry.key}, but found ${describe(value)}`),
    );
  }
  return undefined;
}

function readFiles(entry: Entry, reading: Reading): ScalarNode[] | undefined {
  const { value } = entry;
  if (value.type !== "list" || value.items.length === 0) {
    reading.found.push(
      errorAt(
        value.at,
        "missing-file",
        `Expected a list of files for ${entry.key}, but found ${value.type === "list" ? "an empty one" : describe(value)}`,
      ),
    );
    return undefined;
  }
  const files = value.items.map((item) => readFile({ key: entry.key, at: item.at, value: item }, reading));
  return files.every((f) => f !== undefined) ? files : undefined;
}
