import type { Place } from "../core/diagnostic.js";
import type { ParsedPort } from "../core/plugin.js";
import type { Collection, Item } from "./collections.js";
import type { BlockSpec, Bound, InputSpec, PortUse, StepSpec } from "./spec.js";

/**
 * A set of instances over which steps run: the single one of the whole pipeline, the items of a collection, or those of a block.
 *
 * Instances of a domain that belong to one instance of its parent lie side by side, in order.
 */
export interface Domain {
  /** Name of the collection or block; empty for the whole pipeline. */
  readonly name: string;
  readonly parent: Domain | undefined;
  readonly depth: number;
  readonly block?: Block;
  readonly collection?: Collection;
  instances: Instance[];
}

export interface Instance {
  /** Index of the parent's instance. */
  readonly parent: number;
  /** Within the parent: `S2A`, `r0c0~r0c1`. */
  readonly id: string;
  /** Blocks: the item that it runs for, or both of a pair. */
  readonly entries: readonly EntryRef[];
  /** Collections. */
  readonly item?: Item;
}

/** An instance of another domain that an item stands for. */
export interface EntryRef {
  readonly domain: Domain;
  readonly index: number;
}

/** Something that gives values, once per instance of its domain: an input (or a column of one), or a step. */
export interface Producer {
  readonly kind: "input" | "step";
  /** For messages and tasks: `fixed`, `scenes.cloud_mask`, `tile.flat`. */
  readonly name: string;
  readonly at: Place;
  readonly domain: Domain;
  /** Readers that could be meant, best first; one when decided. Steps have one from the start. */
  candidates: readonly Candidate[];
  readonly input?: InputSpec;
  readonly column?: string;
  readonly step?: StepSpec;
  /** Enclosing blocks, outermost first. */
  readonly blocks: readonly Block[];
  bound: Bound | undefined;
  ports: readonly ResolvedPort[];
  used: boolean;
  /** A step reads the file itself, by a port of type `file`. */
  usedAsFile: boolean;
  /** Index of the task of each instance. */
  tasks: number[];
}

export interface Candidate {
  readonly id: string;
  /** Output ports by kebab-case name. */
  readonly outputs: ReadonlyMap<string, { readonly port: string; readonly type: ParsedPort }>;
}

/** A block with its place in the house. */
export interface Block {
  readonly spec: BlockSpec;
  readonly domain: Domain;
  readonly outer: Block | undefined;
  readonly steps: Map<string, Producer | Block>;
  each: Target | undefined;
}

/** What a reference means. */
export type Target =
  | {
      readonly kind: "value";
      readonly producer: Producer;
      readonly port: string;
      readonly type: ParsedPort;
      /** Through the item of this block; otherwise by common ancestors. */
      readonly item?: { readonly block: Block; readonly side: 0 | 1 };
    }
  /** A block as such, for `each:`. */
  | { readonly kind: "block"; readonly block: Block };

export interface ResolvedPort {
  readonly use: PortUse;
  /** One per reference. */
  readonly targets: readonly Target[];
}

export const isBlock = (node: Producer | Block): node is Block => "spec" in node;

/** The domain that a reference's values come in. */
export const domainOf = (target: Target): Domain =>
  target.kind === "block" ? target.block.domain : target.producer.domain;

/** True when `outer` is `inner` or encloses it. */
export function encloses(outer: Domain, inner: Domain): boolean {
  let d: Domain | undefined = inner;
  while (d && d.depth > outer.depth) d = d.parent;
  return d === outer;
}

export function commonDomain(a: Domain, b: Domain): Domain {
  let [x, y]: [Domain, Domain] = [a, b];
  while (x !== y) {
    if (x.depth >= y.depth && x.parent) x = x.parent;
    else y = y.parent!;
  }
  return x;
}

/** Index of the instance of `outer` in which an instance of `inner` lies. */
export function ancestor(inner: Domain, index: number, outer: Domain): number {
  let d = inner;
  let i = index;
  while (d !== outer) {
    i = d.instances[i]!.parent;
    d = d.parent!;
  }
  return i;
}

/** Id of an instance as seen from `outer`: `a/b` through two blocks. */
export function relativeId(inner: Domain, index: number, outer: Domain): string {
  const parts: string[] = [];
  let d = inner;
  let i = index;
  while (d !== outer) {
    const instance = d.instances[i]!;
    parts.push(instance.id);
    i = instance.parent;
    d = d.parent!;
  }
  return parts.length === 1 ? parts[0]! : parts.reverse().join("/");
}

const ranges = new WeakMap<Domain, Map<Domain, readonly (readonly [number, number])[]>>();

/** For each instance of `outer`, which instances of `inner` lie in it: half-open ranges. */
export function rangesIn(inner: Domain, outer: Domain): readonly (readonly [number, number])[] {
  let byOuter = ranges.get(inner);
  if (!byOuter) ranges.set(inner, (byOuter = new Map()));
  let found = byOuter.get(outer);
  if (!found) {
    const out = outer.instances.map(() => [0, 0] as [number, number]);
    for (let i = 0; i < inner.instances.length; i++) {
      const range = out[ancestor(inner, i, outer)]!;
      if (range[1] === 0) range[0] = i;
      range[1] = i + 1;
    }
    byOuter.set(outer, (found = out));
  }
  return found;
}

/** A field of an instance's item, looked up through pairs by `a.` and `b.`, and through blocks of blocks. */
export function fieldOf(domain: Domain, index: number, path: readonly string[]): string | undefined {
  let d: Domain = domain;
  let i = index;
  let rest = path;
  for (let guard = 0; guard < 64; guard++) {
    const instance = d.instances[i]!;
    if (rest.length === 1 && rest[0] === "id") return instance.id;
    if (instance.item) return rest.length === 1 ? instance.item.fields.get(rest[0]!) : undefined;
    const isPair = instance.entries.length === 2;
    const side = isPair ? (rest[0] === "a" ? 0 : rest[0] === "b" ? 1 : -1) : 0;
    const entry = instance.entries[side];
    if (!entry) return undefined;
    if (isPair) rest = rest.slice(1);
    d = entry.domain;
    i = entry.index;
    if (rest.length === 0) return undefined;
  }
  return undefined;
}

const partners = new WeakMap<Domain, Map<Domain, readonly number[] | string>>();

/**
 * For each item of a collection its namesake in another: masks beside tiles, say.
 *
 * @returns indices into `other`, or the first item that has no namesake; `undefined` where one of the two is no collection
 */
export function namesakes(domain: Domain, other: Domain): readonly number[] | string | undefined {
  if (!domain.collection || !other.collection || domain === other) return undefined;
  let known = partners.get(domain);
  if (!known) partners.set(domain, (known = new Map()));
  let found = known.get(other);
  if (found === undefined) {
    const index = new Map(other.instances.map((instance, i) => [instance.id, i] as const));
    const missing = domain.instances.find((instance) => !index.has(instance.id));
    found = missing ? missing.id : domain.instances.map((instance) => index.get(instance.id)!);
    known.set(other, found);
  }
  return found;
}
