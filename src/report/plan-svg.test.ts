import { expect, test } from "vitest";
import { type Box, type Edge, layered } from "./layout.js";
import { type Graph, shorten, toSvg } from "./plan-svg.js";

const box = (id: string, width = 100): Box => ({ id, width, height: 40 });

/** A seeded acyclic graph: edges from lower to higher numbers. */
function arbitrary(seed: number): { boxes: Box[]; edges: Edge[] } {
  let state = seed * 2654435761 + 1;
  const next = (n: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 8) / 2 ** 24) * n;
  };
  const size = 1 + Math.floor(next(25));
  const boxes = Array.from({ length: size }, (_, i) => box(`n${i}`, 60 + Math.floor(next(120))));
  const edges: Edge[] = [];
  for (let to = 1; to < size; to++) {
    for (let k = Math.floor(next(3)); k >= 0; k--) edges.push({ from: `n${Math.floor(next(to))}`, to: `n${to}` });
  }
  return { boxes, edges };
}

test.each(Array.from({ length: 40 }, (_, seed) => seed))(
  "edges point down, boxes never touch, and nothing leaves the drawing (seed %i)",
  (seed) => {
    const { boxes, edges } = arbitrary(seed);
    const layout = layered(boxes, edges);
    for (const { edge, points } of layout.routes) {
      const from = layout.boxes.get(edge.from)!;
      const to = layout.boxes.get(edge.to)!;
      expect(from.y + 40).toBeLessThan(to.y);
      expect(points[0]![1]).toBeCloseTo(from.y + 40);
      expect(points.at(-1)![1]).toBeCloseTo(to.y);
    }
    for (const a of boxes) {
      const p = layout.boxes.get(a.id)!;
      expect(p.x).toBeGreaterThanOrEqual(-1e-9);
      expect(p.x + a.width).toBeLessThanOrEqual(layout.width + 1e-9);
      expect(p.y + a.height).toBeLessThanOrEqual(layout.height + 1e-9);
      for (const b of boxes) {
        if (a.id >= b.id) continue;
        const q = layout.boxes.get(b.id)!;
        const apart = p.x + a.width < q.x || q.x + b.width < p.x || p.y + 40 < q.y || q.y + 40 < p.y;
        expect(apart).toBe(true);
      }
    }
    expect(layered(boxes, edges)).toEqual(layout);
  },
);

test("a chain stands straight, and an input stands just above the step that uses it", () => {
  const layout = layered(
    [box("a"), box("b"), box("c"), box("late")],
    [
      { from: "a", to: "b" },
      { from: "b", to: "c" },
      { from: "late", to: "c" },
    ],
  );
  expect(layout.boxes.get("late")!.y).toBe(layout.boxes.get("b")!.y);
  const chain = layered([box("a"), box("b")], [{ from: "a", to: "b" }]);
  expect(chain.boxes.get("a")!.x).toBe(chain.boxes.get("b")!.x);
});

test("cycles, double edges and unknown ends do no harm", () => {
  const layout = layered(
    [box("a"), box("b")],
    [
      { from: "a", to: "b" },
      { from: "a", to: "b" },
      { from: "b", to: "a" },
      { from: "a", to: "a" },
      { from: "nobody", to: "b" },
    ],
  );
  expect(layout.routes).toHaveLength(1);
  expect(layered([], []).boxes.size).toBe(0);
});

test("a plan becomes an SVG with its words, and hostile names stay names", () => {
  const graph: Graph = {
    nodes: [
      { id: "f", title: `<script>alert(1)</script>"'`, detail: "input", state: "input" },
      { id: "s", title: "affine", detail: "estimate/affine", words: "cached", state: "cached" },
    ],
    edges: [{ from: "f", to: "s" }],
  };
  const svg = toSvg(graph);
  expect(svg).not.toContain("<script");
  expect(svg).toContain("&lt;script&gt;");
  expect(svg).toContain(">estimate/affine</text>");
  expect(svg).toContain(">cached</text>");
  expect(svg).toContain('class="graph-edge"');
  expect(toSvg({ nodes: [], edges: [] })).toContain("<svg");
});

test("long names lose their middle, never their ends", () => {
  const short = shorten(`${"a".repeat(40)}.tif`);
  expect(short).toHaveLength(30);
  expect(short.endsWith(".tif")).toBe(true);
  expect(shorten("short")).toBe("short");
});
