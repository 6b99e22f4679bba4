import type { ParsedPort, Ports, PortType } from "../core/plugin.js";
import { House, isListFor } from "./house.js";
import { errorAt, problemLimit } from "./node.js";
import { bindReader, checkFormats, decide, noReader } from "./readers.js";
import { type Block, domainOf, encloses, namesakes, type Producer, type ResolvedPort, type Target } from "./scope.js";
import { type PortUse, type Reference, typeWords } from "./spec.js";
import { closest } from "./suggest.js";

const isAbsent = ({ input }: Producer): boolean => input?.kind === "file" && input.optional === "absent";

/** What takes values: a step, a reader or an output. */
export type Consumer = Pick<Producer, "name" | "domain" | "blocks" | "bound">;

/** A house whose every port is looked up and checked. */
export class Resolver extends House {
  /** Looks up everything: blocks first, because items mean what their block runs over. */
  resolveAll(): void {
    for (const block of this.blocks) block.each = this.resolveEach(block);
    for (const producer of [...this.producers]) {
      if (this.reading.found.length >= problemLimit) break;
      if (producer.step) {
        const context = producer.blocks.at(-1);
        producer.ports = producer.step.bound.ports.map((use) => this.resolvePort(use, producer, context));
      }
    }
  }

  /** Binds readers, once all uses are known, and looks up what they refer to. */
  resolveReaders(): void {
    const seen = new Set<Producer>();
    // A reader may refer to another input, which is then used though no step names it.
    for (let before = -1; before < seen.size; ) {
      before = seen.size;
      this.resolveUsed(seen);
    }
  }

  private resolveUsed(seen: Set<Producer>): void {
    for (let i = 0; i < this.producers.length; i++) {
      const producer = this.producers[i]!;
      if (producer.kind !== "input" || seen.has(producer) || this.reading.broken.has(producer.input!.name)) continue;
      if (isAbsent(producer)) continue;
      if (!producer.used && (producer.usedAsFile || producer.column !== undefined)) continue;
      const isCollection = producer.domain !== this.root;
      // A table whose files are all named by other columns needs no reader of its own.
      const columnsOnly = isCollection && !producer.used && this.hasUsedColumn(producer.input!.name);
      if (columnsOnly) continue;
      seen.add(producer);
      decide(producer);
      if (producer.candidates.length === 0) {
        noReader(producer, this.collections.get(producer.input!.name), this.reading);
        continue;
      }
      checkFormats(producer, this.reading);
      bindReader(producer, this.reading);
      producer.ports = producer.bound!.ports.map((use) => this.resolvePort(use, producer, undefined));
    }
  }

  private hasUsedColumn(name: string): boolean {
    return [...this.columns.values()].some((c) => c.input!.name === name && c.used);
  }

  private resolveEach(block: Block): Target | undefined {
    const { each } = block.spec;
    const target = this.lookUp(each.of, block.outer, "list");
    if (!target) return undefined;
    const parent = block.outer?.domain ?? this.root;
    if (encloses(block.domain, domainOf(target))) {
      const near = closest(each.of.text, [...this.inputs.keys(), ...this.steps.keys()]);
      this.reading.found.push(
        errorAt(
          each.of.at,
          "circle",
          `Block "${block.spec.name}" runs over itself.${near === undefined ? "" : ` Did you mean "${near}"?`}`,
        ),
      );
      return undefined;
    }
    if (
      target.kind === "value" &&
      target.item === undefined &&
      target.producer.kind === "input" &&
      target.producer.domain === this.root
    ) {
      this.reading.found.push(
        errorAt(
          each.of.at,
          "not-a-list",
          `each: wants a collection, but "${each.of.text}" is one file`,
          `Give the input all: with a pattern, or a list of files.`,
          [{ at: target.producer.at, message: "defined here" }],
        ),
      );
      return undefined;
    }
    if (encloses(domainOf(target), parent) || (target.kind === "value" && target.item)) {
      const at = target.kind === "value" ? target.producer.at : target.block.spec.at;
      this.reading.found.push(
        errorAt(each.of.at, "not-a-list", `each: wants a list, but "${each.of.text}" is one value here`, undefined, [
          { at, message: "defined here" },
        ]),
      );
      return undefined;
    }
    return target;
  }

  /** Looks up what a port names. @param context  innermost block that the name stands in */
  resolvePort(use: PortUse, producer: Consumer, context: Block | undefined): ResolvedPort {
    const targets: Target[] = [];
    for (const reference of use.references) {
      const target = this.lookUp(reference, context, "value");
      if (!target) continue;
      if (this.checkType(use, reference, target, producer)) targets.push(target);
    }
    return { use, targets: targets.length === use.references.length ? targets : [] };
  }

  private checkType(use: PortUse, reference: Reference, target: Target, consumer: Consumer): boolean {
    const { found } = this.reading;
    const consumerId = consumer.bound!.id;
    if (target.kind === "block") {
      const names = [...target.block.steps.keys()];
      found.push(
        errorAt(
          reference.at,
          "block-as-value",
          `"${reference.text}" is a block of steps, not a value`,
          `Name one of its steps, such as ${reference.text}.${names.at(-1) ?? "STEP"}.`,
          [{ at: target.block.spec.at, message: "the block" }],
        ),
      );
      return false;
    }
    const { input } = target.producer;
    if (input?.kind === "file" && input.optional) {
      target.producer.used = true;
      if (!use.type.optional) {
        found.push(
          errorAt(
            reference.at,
            "optional-input",
            `${consumerId} needs ${typeWords(use.type.type, use.type.list)} here, but the input "${reference.text}" may be absent`,
            "Take optional: true away from the input, if the pipeline cannot do without.",
            [{ at: target.producer.at, message: "defined here" }],
          ),
        );
        return false;
      }
      if (input.optional === "absent") return false;
    }
    if (use.type.type === "file") {
      target.producer.usedAsFile = true;
      if (target.producer.kind === "input" && !isListFor(target, consumer.domain)) return true;
      found.push(
        errorAt(
          reference.at,
          "port-type",
          `${consumerId} needs the name of an input file here, but "${reference.text}" is ${target.producer.kind === "input" ? "a list of files" : "a step"}`,
        ),
      );
      return false;
    }
    decide(target.producer, use.type.type);
    const offered = this.typeOf(target, reference);
    if (!offered) return false;
    target.producer.used = true;
    const others = namesakes(consumer.domain, target.producer.domain);
    const list = (isListFor(target, consumer.domain) && typeof others !== "object") || offered.list;
    const wantsList = use.type.list && !use.listed;
    if (offered.type === use.type.type && list === wantsList) return true;
    const whole = `"${reference.text}" is ${typeWords(offered.type, list)}`;
    const wanted = typeWords(use.type.type, wantsList);
    const made = target.producer.bound ?? { id: target.producer.candidates[0]!.id };
    const related = [{ at: target.producer.at, message: `made here by ${made.id}` }];
    if (offered.type === use.type.type) {
      found.push(
        errorAt(
          reference.at,
          list ? "list-for-one" : "one-for-list",
          `${consumerId} needs ${wanted} here, but ${whole}`,
          list
            ? this.oneOfList(reference, target, consumer, others)
            : use.type.list
              ? `Write [${reference.text}].`
              : undefined,
          related,
        ),
      );
    } else {
      found.push(
        errorAt(
          reference.at,
          "port-type",
          `${consumerId} needs ${wanted} here, but ${whole}`,
          this.bridge(offered.type, use.type.type),
          related,
        ),
      );
    }
    return false;
  }

  /** How to come to one value where a list is offered, for a hint. */
  private oneOfList(
    reference: Reference,
    target: Target & { kind: "value" },
    consumer: Consumer,
    others: readonly number[] | string | undefined,
  ): string {
    if (typeof others === "string") return `Item "${others}" of "${consumer.name}" has no namesake there.`;
    const [head, ...rest] = reference.text.split(".") as [string, ...string[]];
    const block = consumer.blocks.at(-1);
    if (!block) return `Put the step into a block with each: ${target.producer.domain.name || reference.text}.`;
    const same = [block.spec.name, ...(block.spec.each.kind === "items" ? [] : ["a"]), ...rest].join(".");
    return `For the value of the same item let the block run over ${head}, and write ${same}.`;
  }

  /** A plugin that makes the wanted type out of the offered one, for a hint. */
  private bridge(from: PortType, to: PortType): string | undefined {
    for (const [id, plugin] of this.reading.plugins.loaded) {
      const needed = Object.entries(plugin.inputs as Ports).filter(([, p]) => !p.endsWith("?"));
      const first = Object.values(plugin.outputs as Ports)[0];
      if (needed.length === 1 && needed[0]![1] === from && first === to) {
        return `Put a step between them, such as { use: ${id}, ${needed[0]![0]}: … }.`;
      }
    }
    return undefined;
  }

  /** Type of a target's value; `undefined` where the input has no reader, which is told elsewhere. */
  typeOf(target: Target & { kind: "value" }, reference: Reference): ParsedPort | undefined {
    const { producer, port } = target;
    const candidate = producer.candidates[0];
    if (!candidate) {
      producer.used = true;
      return undefined;
    }
    if (port === "") {
      const first = [...candidate.outputs.values()][0];
      if (!first) {
        this.reading.found.push(
          errorAt(reference.at, "no-value", `"${reference.text}" gives no value: ${candidate.id} has no outputs`),
        );
        return undefined;
      }
      return first.type;
    }
    return candidate.outputs.get(port)?.type;
  }
}
