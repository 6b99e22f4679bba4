import { createHash } from "node:crypto";
import type { Task } from "./task.js";

/** Keys of what a task's ports carry: the feeding task's key and output port, or an ordered list of them by item id. */
export type InputKeys = Readonly<Record<string, string | readonly (readonly [id: string, key: string])[]>>;

/** JSON with sorted keys and no spaces: equal values have equal texts. Refuses what JSON cannot hold. */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw new Error(`Internal error: ${value} in a key`);
      return JSON.stringify(value);
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
      const entries = Object.entries(value).filter(([, v]) => v !== undefined);
      entries.sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(",")}}`;
    }
    default:
      throw new Error(`Internal error: ${typeof value} in a key`);
  }
}

/** What another task sees of an output: the key of the task that gives it, and the port. */
export const outputKey = (taskKey: string, port: string): string => `${taskKey}#${port}`;

/** The keys on a task's ports, from the keys of all earlier tasks. */
export function inputKeysOf(task: Pick<Task, "inputs">, keys: readonly string[]): InputKeys {
  const out: Record<string, string | readonly (readonly [string, string])[]> = {};
  for (const [port, source] of Object.entries(task.inputs)) {
    out[port] =
      "items" in source
        ? source.items.map(([id, s]) => [id, outputKey(keys[s.task]!, s.port)] as const)
        : outputKey(keys[source.task]!, source.port);
  }
  return out;
}

/**
 * The content address of a task's result: SHA-256, in hexadecimal, of the canonical JSON of everything that the result depends on.
 *
 * Thread count, machine, time and paths never enter. Item ids of lists do: a plugin may put them into a table.
 *
 * @param fileDigests  SHA-256 of the bytes of each file that the task reads, by port
 * @param env  declared environment variables
 */
export function taskKey(
  task: Pick<Task, "plugin" | "version" | "params" | "seed">,
  inputKeys: InputKeys,
  fileDigests: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
): string {
  const text = canonicalJson({
    plugin: `${task.plugin}@${task.version}`,
    params: task.params,
    seed: task.seed,
    inputs: inputKeys,
    files: fileDigests,
    env,
  });
  return createHash("sha256").update(text).digest("hex");
}
