import { basename } from "node:path";
import type { Provenance } from "../core/plugin.js";
import { canonicalJson, type InputKeys, outputKey, taskKey } from "../pipeline/key.js";
import type { Plan, Task } from "../pipeline/task.js";
import type { SeenFile } from "./files.js";
import { Origins } from "./provenance.js";
import { type InputRef, sha256 } from "./store.js";
import type { PortRef } from "./value.js";

/** Keys of a plan's tasks, once the digests of its files are known. */
export class Keys {
  readonly #origins: Origins;
  readonly #provenances = new Map<number, Provenance>();

  constructor(
    private readonly plan: Plan,
    private readonly seen: ReadonlyMap<string, SeenFile>,
    tiepoint: string,
  ) {
    this.#origins = new Origins(plan, seen, tiepoint);
  }

  /** The key of a task with what feeds it: lists without the items that were given up, so a list with a hole has a key of its own. */
  keyOf(index: number, inputs: Readonly<Record<string, InputRef>>): string {
    const task = this.plan.tasks[index]!;
    const files: Record<string, string> = {};
    for (const [port, path] of Object.entries(task.files ?? {})) files[port] = this.seen.get(path)?.sha256 ?? "";
    const key = taskKey(task, keysOf(inputs), files, this.plan.env);
    if (!task.target) return key;
    // What a writer writes also depends on what it says of the origin, and on the extension of the file.
    const provenance = this.provenance(index);
    return sha256(canonicalJson({ key, provenance, name: basename(task.target.name) }));
  }

  /** Where a written value comes from; asked for several times, found once. */
  provenance(index: number): Provenance {
    const known = this.#provenances.get(index) ?? this.#origins.of(index);
    this.#provenances.set(index, known);
    return known;
  }

  /** All keys as they are when no item is given up. */
  all(): readonly string[] {
    const keys: string[] = [];
    for (let i = 0; i < this.plan.tasks.length; i++) keys.push(this.keyOf(i, refsIn(this.plan.tasks[i]!, keys)));
    return keys;
  }
}

function keysOf(inputs: Readonly<Record<string, InputRef>>): InputKeys {
  const keys: Record<string, InputKeys[string]> = {};
  for (const [port, ref] of Object.entries(inputs)) {
    if ("items" in ref) keys[port] = ref.items.map(([id, one]) => [id, keyOfRef(one)] as const);
    else if ("key" in ref) keys[port] = keyOfRef(ref);
  }
  return keys;
}

const keyOfRef = ({ key, port, item }: PortRef): string =>
  item === undefined ? outputKey(key, port) : `${outputKey(key, port)}#${item}`;

function refsIn(task: Task, keys: readonly string[]): Record<string, InputRef> {
  const refOf = (source: { readonly task: number; readonly port: string; readonly item?: string }): PortRef => ({
    key: keys[source.task]!,
    port: source.port,
    ...(source.item === undefined ? {} : { item: source.item }),
  });
  return Object.fromEntries(
    Object.entries(task.inputs).map(([port, source]) => [
      port,
      "items" in source ? { items: source.items.map(([id, one]) => [id, refOf(one)] as const) } : refOf(source),
    ]),
  );
}
