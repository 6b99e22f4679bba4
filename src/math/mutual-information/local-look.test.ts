import { expect, test } from "vitest";
import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { emptyPlane, type Plane } from "../plane.js";
import { lookLocally } from "./local-look.js";

const side = 160;

/** A plane whose pixels are what a function says. */
function planeOf(arena: Arena, value: (x: number, y: number) => number): Plane {
  const plane = emptyPlane(arena, side, side);
  const samples = arena.f32(plane.at, plane.stride * side);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) samples[y * plane.stride + x] = value(x, y);
  return plane;
}
/** Repeats nowhere near. */
const pattern = (x: number, y: number): number =>
  Math.sin(x / 7 + 3 * Math.sin(y / 31)) + Math.sin(y / 9 + 2 * Math.sin(x / 23)) + 0.6 * Math.sin((x + y) / 5);
const otherKind = (v: number): number => Math.abs(v - 0.4);
const shifted = (x: number, y: number) => [1, 0, x, 0, 1, y, 0, 0, 1] as const;

test("blocks lie where a right map puts them, whatever the relation of intensities", () => {
  using arena = kernels().arena();
  const fixed = planeOf(arena, pattern);
  const moving = planeOf(arena, (x, y) => otherKind(pattern(x - 5, y + 3)));
  const right = lookLocally(arena, fixed, moving, shifted(5, -3));
  expect(right.blocks).toBeGreaterThan(25);
  expect(right.consistency).toBeGreaterThan(0.9);
  expect(right.deviation).toBeGreaterThan(8);
  expect(right.misfit).toBeLessThan(0.3);
  expect(right.places.length).toBeGreaterThan(50);
});

test("a map that is off by a few pixels is told by how much", () => {
  using arena = kernels().arena();
  const fixed = planeOf(arena, pattern);
  const moving = planeOf(arena, (x, y) => otherKind(pattern(x - 5, y + 3)));
  const off = lookLocally(arena, fixed, moving, shifted(8, -3));
  expect(off.consistency).toBeLessThan(0.2);
  expect(off.misfit).toBeGreaterThan(2);
  expect(off.misfit).toBeLessThan(4.5);
});

test("planes of different patterns agree as chance has it, and flat ones have nothing to say", () => {
  using arena = kernels().arena();
  const fixed = planeOf(arena, pattern);
  const other = planeOf(arena, (x, y) => pattern(3 * side - y, 2 * side + 1.3 * x));
  const none = lookLocally(arena, fixed, other, shifted(0, 0));
  expect(none.consistency).toBeLessThan(0.2);
  expect(none.deviation).toBeLessThan(4.5);
  const flat = lookLocally(
    arena,
    fixed,
    planeOf(arena, () => 3),
    shifted(0, 0),
  );
  expect(flat).toMatchObject({ blocks: 0, consistency: 0, deviation: 0, misfit: 0 });
});
