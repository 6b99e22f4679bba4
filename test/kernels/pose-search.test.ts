import { expect, test } from "vitest";
import { kernels } from "../../src/kernel/lane.js";
import type { Arena } from "../../src/kernel/memory.js";
import { emptyPlane, type Plane as KernelPlane } from "../../src/math/plane.js";
import { structureFields } from "../../src/math/structure/fields.js";
import { SizedSide } from "../../src/math/structure/pose-sides.js";
import { searchRotations } from "../../src/math/structure/poses.js";
import { angleFields } from "../reference/gradient-fields.js";
import { doubles, type Plane } from "../reference/plane.js";
import { scoreAt, turned } from "../reference/pose-search.js";
import { texturedScene } from "../support/scene.js";

function put(arena: Arena, p: Plane): KernelPlane {
  const plane = emptyPlane(arena, p.width, p.height);
  const rows = arena.f32(plane.at, plane.stride * p.height);
  for (let y = 0; y < p.height; y++) rows.set(p.data.subarray(y * p.width, (y + 1) * p.width), y * plane.stride);
  return plane;
}

const scene = texturedScene(11);
const view = (width: number, height: number, rotation: number, holes = false): Plane => {
  const [c, s] = [Math.cos(rotation), Math.sin(rotation)];
  return doubles(width, height, (x, y) => {
    if (holes && (x - 20) ** 2 + (y - 12) ** 2 < 60) return Number.NaN;
    return Math.fround(scene.at(60 + 1.6 * (c * (x - 20) - s * (y - 20)), 60 + 1.6 * (s * (x - 20) + c * (y - 20))));
  });
};

test.each([
  [40, 32, 36, 44, 1, false],
  [44, 36, 46, 40, 3, true],
  [100, 76, 90, 84, 1, true],
])("the best shifts agree with a search by definition (%i x %i on %i x %i, %i rotations, holes: %s)", (...size) => {
  const [fw, fh, mw, mh, pairs, holes] = size;
  const [fixed, moving] = [view(fw, fh, 0, holes), view(mw, mh, 0.6)];
  using arena = kernels().arena();
  const sides = [fixed, moving].map((p) => new SizedSide(arena, structureFields(arena, [put(arena, p)])));
  const found = searchRotations(arena, sides[0]!, sides[1]!, pairs, 0.3);
  const [a, b] = [angleFields([fixed]), angleFields([moving])];
  const area = Math.min(sides[0]!.fields.validCount, sides[1]!.fields.validCount);
  for (let i = 0; i < 2 * pairs; i++) {
    const rotation = (Math.PI * i) / pairs;
    const [c, s] = [Math.cos(rotation), Math.sin(rotation)];
    const across = Math.ceil(Math.abs(c) * mw + Math.abs(s) * mh - 1e-9);
    const down = Math.ceil(Math.abs(s) * mw + Math.abs(c) * mh - 1e-9);
    const canvas = turned(b, rotation, across, down);
    const mine = found.filter((pose) => Math.abs(pose.rotation - rotation) < 1e-9);
    expect(mine.length).toBeGreaterThan(0);
    let best = 0;
    const step = fw > 60 ? 4 : 1; // the large case looks at a part of the shifts: what it finds must not be better
    for (let dy = -fh; dy < down; dy += step) {
      for (let dx = -fw; dx < across; dx += step) {
        const { score, overlap } = scoreAt(a, canvas, dx, dy, area);
        if (overlap >= 0.33 * area) best = Math.max(best, score);
      }
    }
    // Energies and overlap are linear between cells of two or four pixels.
    expect(mine[0]!.score).toBeGreaterThan(0.94 * best);
    for (const pose of mine) {
      // The shift, from where the map sends the fixed pixel (0, 0) on the canvas.
      const [u, v] = [pose.matrix[2] - (mw - 1) / 2, pose.matrix[5] - (mh - 1) / 2];
      const dx = Math.round(c * u + s * v + (across - 1) / 2);
      const dy = Math.round(c * v - s * u + (down - 1) / 2);
      const { score, overlap } = scoreAt(a, canvas, dx, dy, area);
      expect(overlap).toBeGreaterThan(0.27 * area);
      expect(Math.abs(pose.score - score)).toBeLessThan(0.08 * Math.max(0.2, score));
    }
  }
});
