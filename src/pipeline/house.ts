import type { Place } from "../core/diagnostic.js";
import type { ParsedPort, Ports, PortType } from "../core/plugin.js";
import { portsByName } from "./bind.js";
import type { Collection } from "./collections.js";
import { pointsOf } from "./companion.js";
import { itemsColumn, readsItems } from "./items.js";
import { errorAt } from "./node.js";
import { readerCandidates } from "./readers.js";
import { type Block, type Domain, domainOf, encloses, isBlock, type Producer, type Target } from "./scope.js";
import type { BlockSpec, Reading, Reference, Spec, StepSpec } from "./spec.js";
import { closest } from "./suggest.js";

/** What a name is looked up for: it decides which names are suggested first. */
export type Wanted = "value" | "list" | "output";

const single = (type: PortType): ParsedPort => ({ type, list: false, optional: false });

/** Everything that has a name, and what names mean from wherever they stand. */
export class House {
  readonly root: Domain = {
    name: "",
    parent: undefined,
    depth: 0,
    instances: [{ parent: -1, id: "", entries: [] }],
  };
  readonly producers: Producer[] = [];
  readonly blocks: Block[] = [];
  readonly inputs = new Map<string, Producer>();
  readonly steps = new Map<string, Producer | Block>();
  protected readonly columns = new Map<string, Producer>();
  protected readonly spec: Spec;
  protected readonly collections: ReadonlyMap<string, Collection>;
  protected readonly reading: Reading;

  constructor(spec: Spec, collections: ReadonlyMap<string, Collection>, reading: Reading) {
    this.spec = spec;
    this.collections = collections;
    this.reading = reading;
    for (const input of spec.inputs.values()) {
      const collection = collections.get(input.name);
      const domain: Domain =
        input.kind === "file"
          ? this.root
          : {
              name: input.name,
              parent: this.root,
              depth: 1,
              ...(collection ? { collection } : {}),
              instances: collection?.items.map((item) => ({ parent: 0, id: item.id, entries: [], item })) ?? [],
            };
      const producer = this.inputProducer(input.name, domain, undefined);
      this.inputs.set(input.name, producer);
    }
    this.enter(spec.steps, this.steps, undefined);
  }

  private inputProducer(name: string, domain: Domain, column: string | undefined): Producer {
    const input = this.spec.inputs.get(name)!;
    const producer: Producer = {
      kind: "input",
      name: column === undefined ? name : `${name}.${column}`,
      at: input.at,
      domain,
      candidates: readerCandidates(input, this.collections.get(name), column, this.reading.plugins),
      input,
      ...(column === undefined ? {} : { column }),
      blocks: [],
      bound: undefined,
      ports: [],
      used: false,
      usedAsFile: false,
      tasks: [],
    };
    this.producers.push(producer);
    return producer;
  }

  private enter(
    steps: ReadonlyMap<string, StepSpec | BlockSpec>,
    into: Map<string, Producer | Block>,
    outer: Block | undefined,
  ): void {
    for (const [name, step] of steps) {
      if (step.kind === "block") {
        const parent = outer?.domain ?? this.root;
        const block: Block = {
          spec: step,
          domain: { name, parent, depth: parent.depth + 1, instances: [] },
          outer,
          steps: new Map(),
          each: undefined,
        };
        (block.domain as { block?: Block }).block = block;
        into.set(name, block);
        this.blocks.push(block);
        this.enter(step.steps, block.steps, block);
        if (block.steps.has(name)) {
          this.reading.found.push(
            errorAt(
              step.steps.get(name)!.at,
              "name-clash",
              `"${name}" is the item of the block that it stands in; names must differ`,
              "Rename one of them.",
              [{ at: step.at, message: "the block" }],
            ),
          );
        }
      } else {
        const blocks: Block[] = [];
        for (let b = outer; b; b = b.outer) blocks.unshift(b);
        const producer: Producer = {
          kind: "step",
          name: [...blocks.map((b) => b.spec.name), name].join("."),
          at: step.at,
          domain: outer?.domain ?? this.root,
          candidates: [{ id: step.bound.id, outputs: portsByName(step.bound.plugin.outputs as Ports) }],
          step,
          blocks,
          bound: step.bound,
          ports: [],
          used: false,
          usedAsFile: false,
          tasks: [],
        };
        into.set(name, producer);
        this.producers.push(producer);
      }
    }
  }

  /**
   * What a name means, seen from a block. Says what is wrong with it otherwise.
   *
   * @param context  innermost block that the name stands in
   */
  lookUp(reference: Reference, context: Block | undefined, wanted: Wanted): Target | undefined {
    const [head, ...rest] = reference.text.split(".") as [string, ...string[]];
    for (let block = context; block; block = block.outer) {
      const inner = block.steps.get(head);
      if (inner) return this.descend(inner, rest, reference);
      if (block.spec.name === head) return this.itemTarget(block, rest, reference);
    }
    const step = this.steps.get(head);
    if (step) return this.descend(step, rest, reference);
    const input = this.inputs.get(head);
    if (input) return this.inputTarget(input, rest, reference);
    if ([head, ...rest].some((name) => this.reading.broken.has(name))) return undefined;
    this.unknown(reference, head, rest, context, wanted);
    return undefined;
  }

  private unknown(
    reference: Reference,
    head: string,
    rest: readonly string[],
    context: Block | undefined,
    wanted: Wanted,
  ): void {
    // Suggestions cost a look at every name: the first hundred mistakes get them.
    const names = this.reading.found.length < 100 ? this.namesFrom(context, wanted) : new Map();
    const near = closest(head, names.keys());
    const whole = closest(reference.text, this.fullNames(names));
    // A step of a block that is named without its block.
    const outside = this.blocks.find((b) => b.steps.has(head));
    const suggestion =
      whole ??
      (near !== undefined ? [near, ...rest].join(".") : outside && [...pathOf(outside), head, ...rest].join("."));
    const meant = near === undefined ? undefined : names.get(near);
    const isReport = head === "report";
    this.reading.found.push(
      errorAt(
        reference.at,
        isReport ? "reserved-name" : "unknown-name",
        isReport
          ? '"report" is the report of the whole run, which only outputs: can name'
          : `No step or input is called "${reference.text}".${suggestion ? ` Did you mean "${suggestion}"?` : ""}`,
        undefined,
        meant ? [{ at: isBlock(meant) ? meant.spec.at : meant.at, message: "defined here" }] : [],
      ),
    );
  }

  /** Names in scope, the most probable first. */
  private namesFrom(context: Block | undefined, wanted: Wanted): Map<string, Producer | Block | undefined> {
    const names = new Map<string, Producer | Block | undefined>();
    const add = (name: string, node: Producer | Block | undefined): void => {
      if (!names.has(name)) names.set(name, node);
    };
    if (wanted === "list") for (const [name, p] of this.inputs) if (p.domain !== this.root) add(name, p);
    for (let block = context; block; block = block.outer) {
      for (const [name, node] of block.steps) add(name, node);
      add(block.spec.name, block);
    }
    for (const [name, node] of this.steps) add(name, node);
    for (const [name, node] of this.inputs) add(name, node);
    if (wanted === "output") add("report", undefined);
    return names;
  }

  /** Names in scope, and those with a dot that begin with one. */
  private *fullNames(names: ReadonlyMap<string, Producer | Block | undefined>): Generator<string> {
    for (const [name, node] of names) {
      yield name;
      if (!node) continue;
      if (isBlock(node)) {
        for (const step of node.steps.keys()) yield `${name}.${step}`;
        if (node.spec.each.kind !== "items") yield* [`${name}.a`, `${name}.b`];
      } else if (node.candidates[0] && node.candidates[0].outputs.size > 1) {
        for (const port of node.candidates[0].outputs.keys()) yield `${name}.${port}`;
      }
    }
  }

  private descend(node: Producer | Block, rest: readonly string[], reference: Reference): Target | undefined {
    let current = node;
    let i = 0;
    while (isBlock(current) && i < rest.length) {
      const next: Producer | Block | undefined = current.steps.get(rest[i]!);
      if (!next && this.reading.broken.has(rest[i]!)) return undefined;
      if (!next) {
        this.unknownPart(
          reference,
          rest,
          i,
          current.steps.keys(),
          `Block "${current.spec.name}" has no step`,
          current.spec.at,
        );
        return undefined;
      }
      current = next;
      i++;
    }
    if (isBlock(current)) return { kind: "block", block: current };
    return this.portTarget(current, rest.slice(i), reference, i);
  }

  private portTarget(
    producer: Producer,
    rest: readonly string[],
    reference: Reference,
    done: number,
    item?: { block: Block; side: 0 | 1 },
  ): Target | undefined {
    const base = { kind: "value", producer, type: single("image"), ...(item ? { item } : {}) } as const;
    if (rest.length === 0) return { ...base, port: "" };
    const port = rest.join(".");
    const fit = producer.candidates.filter((c) => c.outputs.has(port));
    if (fit.length > 0) {
      producer.candidates = fit;
      return { ...base, port };
    }
    if (producer.candidates.length > 0) {
      const outputs = [...new Set(producer.candidates.flatMap((c) => [...c.outputs.keys()]))];
      const all = reference.text.split(".").slice(1);
      this.unknownPart(
        reference,
        all,
        Math.max(done, all.length - rest.length),
        outputs,
        `${producer.candidates[0]!.id} has no output`,
        producer.at,
      );
    }
    return undefined;
  }

  private inputTarget(producer: Producer, rest: readonly string[], reference: Reference): Target | undefined {
    if (rest.length > 0) {
      const items = rest.length === 1 && rest[0] === itemsColumn ? this.itemsProducer(producer) : undefined;
      if (items) return { kind: "value", producer: items, port: "", type: single("table") };
      const column = this.columnProducer(producer, rest.join("."));
      if (column) return { kind: "value", producer: column, port: "", type: single("image") };
    }
    return this.portTarget(producer, rest, reference, 0);
  }

  /** What is known of a collection's items, as a table; a column of that name goes first. */
  private itemsProducer(collection: Producer): Producer | undefined {
    if (!readsItems(collection.domain.collection, itemsColumn)) return undefined;
    const key = `${collection.name}.${itemsColumn}`;
    let producer = this.columns.get(key);
    if (!producer) {
      producer = this.inputProducer(collection.input!.name, this.root, itemsColumn);
      this.columns.set(key, producer);
    }
    return producer;
  }

  /** The values that a table's column or `points:` names, as an input of its own. */
  private columnProducer(collection: Producer, column: string): Producer | undefined {
    const known = collection.domain.collection?.fieldNames ?? [];
    const named = collection.input!.kind === "table" && known.includes(column) && column !== "file";
    if (!named && !pointsOf(collection.input!, column)) return undefined;
    const key = `${collection.name}.${column}`;
    let producer = this.columns.get(key);
    if (!producer) {
      producer = this.inputProducer(collection.input!.name, collection.domain, column);
      this.columns.set(key, producer);
    }
    return producer;
  }

  /** `tile`, `pair.a`, `scene.cloud_mask` inside the block of that name. */
  private itemTarget(block: Block, rest: readonly string[], reference: Reference): Target | undefined {
    const { each } = block;
    if (!each) return undefined;
    let side: 0 | 1 = 0;
    let path = rest;
    if (block.spec.each.kind !== "items") {
      if (rest[0] !== "a" && rest[0] !== "b") {
        this.reading.found.push(
          errorAt(
            reference.at,
            "unknown-name",
            `"${reference.text}" does not say which one of the pair is meant`,
            `Write ${block.spec.name}.a or ${block.spec.name}.b.`,
          ),
        );
        return undefined;
      }
      side = rest[0] === "a" ? 0 : 1;
      path = rest.slice(1);
    }
    const item = { block, side };
    const part = path.join(".");
    if (part !== "") {
      // A collection that could not be read was told; what its items would have is not known.
      if (each.kind === "value" && each.producer.input && this.reading.broken.has(each.producer.input.name))
        return undefined;
      const other = this.siblingOf(each, part);
      if (other) return { kind: "value", producer: other.producer, port: other.port, type: single("image"), item };
    }
    if (each.kind === "block") {
      const names = [...each.block.steps.keys()];
      if (part === "") {
        this.reading.found.push(
          errorAt(
            reference.at,
            "block-as-value",
            `"${reference.text}" stands for all steps of block "${each.block.spec.name}"`,
            `Name one of them: ${names.map((n) => `${reference.text}.${n}`).join(", ")}.`,
          ),
        );
      } else
        this.unknownPart(
          reference,
          reference.text.split(".").slice(1),
          rest.length - path.length,
          names,
          `Block "${each.block.spec.name}" has no step`,
          each.block.spec.at,
        );
      return undefined;
    }
    if (part !== "" && !each.producer.candidates.some((c) => c.outputs.has(part))) {
      if (block.steps.has(path[0]!)) {
        this.reading.found.push(
          errorAt(
            reference.at,
            "unknown-name",
            `"${reference.text}": inside the block its steps are named alone. Did you mean "${part}"?`,
          ),
        );
        return undefined;
      }
      const columns = this.fieldsOf(each);
      const known = [...columns, ...each.producer.candidates.flatMap((c) => [...c.outputs.keys()])];
      this.unknownPart(
        reference,
        reference.text.split(".").slice(1),
        rest.length - path.length,
        known,
        `Items of "${block.spec.each.of.text}" have no`,
        block.spec.at,
      );
      return undefined;
    }
    return this.portTarget(each.producer, path, reference, rest.length - path.length, item);
  }

  private fieldsOf(each: Target): readonly string[] {
    for (let t: Target | undefined = each; t; ) {
      const domain: Domain = domainOf(t);
      if (domain.collection) return domain.collection.fieldNames;
      t = domain.block?.each;
    }
    return [];
  }

  /** Another value of the same item: a step of the block that made it, or a column of its table. */
  private siblingOf(each: Target, part: string): { producer: Producer; port: string } | undefined {
    const [first, ...port] = part.split(".") as [string, ...string[]];
    for (let t: Target | undefined = each, guard = 0; t && guard < 64; guard++) {
      const domain: Domain = domainOf(t);
      if (domain.collection) {
        const input: Producer | undefined = t.kind === "value" ? this.inputs.get(t.producer.input!.name) : undefined;
        const column = input && this.columnProducer(input, part);
        return column && { producer: column, port: "" };
      }
      const block: Block | undefined = domain.block;
      if (!block) return undefined;
      const step = block.steps.get(first);
      if (step && !isBlock(step)) return { producer: step, port: port.join(".") };
      if (block.spec.each.kind !== "items") return undefined;
      t = block.each;
    }
    return undefined;
  }

  private unknownPart(
    reference: Reference,
    parts: readonly string[],
    index: number,
    known: Iterable<string>,
    what: string,
    at: Place,
  ): void {
    const names = [...known];
    const part = parts[index] ?? parts.at(-1)!;
    const near = closest(part, names);
    const head = reference.text.split(".")[0]!;
    const meant = near && [head, ...parts.slice(0, index), near, ...parts.slice(index + 1)].join(".");
    this.reading.found.push(
      errorAt(
        reference.at,
        "unknown-name",
        `${what} "${part}".${meant ? ` Did you mean "${meant}"?` : ""}`,
        meant === undefined && names.length > 0 ? `There is ${names.slice(0, 20).join(", ")}.` : undefined,
        [{ at, message: "defined here" }],
      ),
    );
  }
}

/** Names of a block and those around it, outermost first. */
export function pathOf(block: Block): string[] {
  const names: string[] = [];
  for (let b: Block | undefined = block; b; b = b.outer) names.unshift(b.spec.name);
  return names;
}

/** True when a target's values are a list as seen from a domain. */
export const isListFor = (target: Target & { kind: "value" }, domain: Domain): boolean =>
  target.item ? false : !encloses(target.producer.domain, domain);
