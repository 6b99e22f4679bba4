import type { Diagnostic } from "../core/diagnostic.js";
import { errorAt } from "./node.js";
import { type Block, domainOf, isBlock, type Producer } from "./scope.js";
import type { Reference } from "./spec.js";

type Vertex = Producer | Block;
interface Edge {
  readonly to: Vertex;
  readonly reference: Reference;
}

const nameOf = (v: Vertex): string => (isBlock(v) ? v.spec.name : v.name);
const placeOf = (v: Vertex) => (isBlock(v) ? v.spec.at : v.at);

/** What a vertex needs before it: a step its ports and its block; a block its outer block and whatever it runs over. */
function edgesOf(vertex: Vertex): Edge[] {
  const edges: Edge[] = [];
  if (isBlock(vertex)) {
    const { each, outer, spec } = vertex;
    if (each) {
      const block = domainOf(each).block;
      if (block) edges.push({ to: block, reference: spec.each.of });
    }
    if (outer) edges.push({ to: outer, reference: { text: outer.spec.name, at: spec.at } });
    return edges;
  }
  const block = vertex.blocks.at(-1);
  if (block) edges.push({ to: block, reference: { text: block.spec.name, at: vertex.at } });
  for (const { use, targets } of vertex.ports) {
    if (use.type.type === "file") continue;
    targets.forEach((target, i) => {
      if (target.kind === "value") edges.push({ to: target.producer, reference: use.references[i]! });
    });
  }
  return edges;
}

/**
 * Puts blocks and producers into an order in which each comes after all that it needs (Kahn's algorithm: no recursion,
 * so a chain of 100,000 steps is as good as any), and otherwise in the order of the file. Circles are told edge by edge.
 */
export function inOrder(producers: readonly Producer[], blocks: readonly Block[], found: Diagnostic[]): Vertex[] {
  const vertices: Vertex[] = [...blocks, ...producers];
  const edges = new Map<Vertex, Edge[]>();
  const followers = new Map<Vertex, Vertex[]>();
  const missing = new Map<Vertex, number>();
  for (const v of vertices) {
    const own = edgesOf(v);
    edges.set(v, own);
    missing.set(v, own.length);
    for (const { to } of own) {
      const list = followers.get(to);
      if (list) list.push(v);
      else followers.set(to, [v]);
    }
  }
  const rank = new Map(vertices.map((v, i) => [v, i] as const));
  const order: Vertex[] = [];
  const ready = new Heap();
  vertices.forEach((v, i) => {
    if (missing.get(v) === 0) ready.push(i);
  });
  const release = (v: Vertex): void => {
    for (const next of followers.get(v) ?? []) {
      const left = missing.get(next)! - 1;
      missing.set(next, left);
      if (left === 0) ready.push(rank.get(next)!);
    }
  };
  const settle = (): void => {
    for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
      order.push(vertices[i]!);
      release(vertices[i]!);
    }
  };
  settle();
  for (let told = 0; order.length < vertices.length && told < 5; told++) {
    const done = new Set(order);
    const start = vertices.find((v) => !done.has(v))!;
    const circle = circleFrom(start, edges, done);
    found.push(describeCircle(circle));
    // Circles that have nothing to do with this one are worth telling too.
    for (const { from } of circle) {
      if (done.has(from)) continue;
      done.add(from);
      missing.set(from, Number.POSITIVE_INFINITY);
      order.push(from);
    }
    for (const { from } of circle) release(from);
    settle();
  }
  return order;
}

type Link = Edge & { readonly from: Vertex };

function circleFrom(start: Vertex, edges: ReadonlyMap<Vertex, readonly Edge[]>, done: ReadonlySet<Vertex>): Link[] {
  const path: Link[] = [];
  const seen = new Map<Vertex, number>();
  let v = start;
  while (!seen.has(v)) {
    seen.set(v, path.length);
    const edge = edges.get(v)!.find((e) => !done.has(e.to));
    if (!edge) throw new Error("Internal error: a vertex waits for nothing");
    path.push({ ...edge, from: v });
    v = edge.to;
  }
  return path.slice(seen.get(v)!);
}

const shownLinks = 12;

function describeCircle(circle: readonly Link[]): Diagnostic {
  const names = circle.map((l) => nameOf(l.from));
  const shown =
    names.length > shownLinks ? [...names.slice(0, shownLinks), `… ${names.length - shownLinks} more …`] : names;
  const first = circle[0]!;
  return errorAt(
    first.reference.at,
    "circle",
    circle.length === 1 && first.from === first.to
      ? `Step "${names[0]}" needs itself`
      : `Steps form a circle: ${[...shown, names[0]].join(" needs ")}`,
    "Let one of them use something earlier.",
    circle.slice(0, shownLinks).map((l) => ({
      at: l.reference.at.length > 0 ? l.reference.at : placeOf(l.from),
      message: `"${nameOf(l.from)}" needs "${nameOf(l.to)}"`,
    })),
  );
}

/** The smallest of many numbers, again and again: a binary heap. */
class Heap {
  private readonly items: number[] = [];

  push(value: number): void {
    const { items } = this;
    let i = items.push(value) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (items[parent]! <= value) break;
      items[i] = items[parent]!;
      i = parent;
    }
    items[i] = value;
  }

  pop(): number | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child++;
      if (items[child]! >= last) break;
      items[i] = items[child]!;
      i = child;
    }
    items[i] = last;
    return top;
  }
}
