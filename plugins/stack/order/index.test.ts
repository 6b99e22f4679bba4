import { type Image, seededRandom } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { picture } from "../../../src/samples/camera.js";
import { octaves } from "../../../src/samples/noise.js";
import type { Scene } from "../../../src/samples/scene.js";
import { context } from "../../../test/support/wings.js";
import plugin from "./index.js";

/** Slices through a block of tissue: what they show changes bit by bit; each lies elsewhere, and turned a little. */
function sections(count: number): readonly Image[] {
  const random = seededRandom(3);
  const [first, second, third] = [octaves(1, 3), octaves(2, 3), octaves(3, 3)];
  return Array.from({ length: count }, (_, z) => {
    const t = (4 * z) / count;
    const [dx, dy, a] = [8 * random() - 4, 8 * random() - 4, 0.1 * random() - 0.05];
    const weight = (k: number) => Math.max(0, 1 - Math.abs(t / 2 - k));
    const scene: Scene = {
      bands: ["gray"],
      paint: (x, y, out) => {
        const [u, v] = [x / 30, y / 30];
        out[0] = 0.5 + 0.4 * (weight(0) * first(u, v) + weight(1) * second(u, v) + weight(2) * third(u, v));
      },
    };
    return picture(scene, {
      ...{ width: 128, height: 128, noise: 0.02, seed: z + 1 },
      sceneFromPixel: (x, y, out) => {
        out[0] = x - a * y + dx + 50;
        out[1] = y + a * x + dy + 50;
      },
    });
  });
}

test("shuffled sections are brought back into their order, from one end or the other", async () => {
  const stack = sections(14);
  const random = seededRandom(8);
  const shuffled = [...stack.keys()].sort(() => random() - 0.5);
  const slices = new Map(shuffled.map((i) => [`s${i}`, stack[i]!]));
  const outcome = await plugin.run({ slices }, {}, context());
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
  const { file, place } = outcome.value.order.columns;
  const found = file!.map((name) => Number(String(name).slice(1)));
  const right = [...stack.keys()];
  expect(found[0] === 0 ? found : [...found].reverse()).toEqual(right);
  expect(place).toEqual(right.map((i) => i + 1));
  expect(outcome.notes!.map((n) => n.code)).toEqual(["direction-is-free"]);
});

test("one slice has no order", async () => {
  expect(await plugin.run({ slices: new Map([["a", sections(1)[0]!]]) }, {}, context())).toMatchObject({
    ok: false,
    diagnostics: [{ code: "too-few-slices" }],
  });
});
