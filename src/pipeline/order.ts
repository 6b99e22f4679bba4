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
 * so a chain of 100,000 steps is as good as any). Circles are told edge by edge.
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
  const order: Vertex[] = vertices.filter((v) => missing.get(v) === 0);
  const settle = (from: number): void => {
    for (let i = from; i < order.length; i++) {
      for (const next of followers.get(order[i]!) ?? []) {
        const left = missing.get(next)! - 1;
        missing.set(next, left);
        if (left === 0) order.push(next);
      }
    }
  };
  settle(0);
  for (let told = 0; order.length < vertices.length && told < 5; told++) {
    const done = new Set(order);
    const start = vertices.find((v) => !done.has(v))!;
    const circle = circleFrom(start, edges, done);
    found.push(describeCircle(circle));
    // Circles that have nothing to do with this one are worth telling too.
    const from = order.length;
    for (const { from: v } of circle) {
      if (done.has(v)) continue;
      done.add(v);
      missing.set(v, Number.POSITIVE_INFINITY);
      order.push(v);
    }
    settle(from);
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
