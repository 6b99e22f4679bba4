import { apply, type Image, type Outcome, pixelGrid, pixelPoints, toPixel, toWorld } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { memoryImage } from "../../../test/support/image.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { project, type Scene, texturedScene, viewImage } from "../../../test/support/scene.js";
import auto from "./index.js";

type Found = Outcome<{ transform: "transform"; matches: "matches" }>;
const run = (fixed: Image, moving: Image, changed: Readonly<Record<string, unknown>> = {}): Promise<Found> =>
  auto.run({ fixed, moving } as never, paramsOf(auto, changed) as never, context());

const size = { width: 320, height: 280 };
/** Scene from moving pixels: turned by some 20 degrees, 0.9 times the size. */
const turned = [1.04, -0.38, 50, 0.38, 1.04, -60, 0, 0, 1];
const inverse = (m: readonly number[]): number[] => {
  const det = m[0]! * m[4]! - m[1]! * m[3]!;
  const [a, b, d, e] = [m[4]! / det, -m[1]! / det, -m[3]! / det, m[0]! / det];
  return [a, b, -(a * m[2]! + b * m[5]!), d, e, -(d * m[2]! + e * m[5]!), 0, 0, 1];
};

/** The same shapes in another modality: dark where the other is bright. */
const otherModality = (scene: Scene): Scene => ({ at: (x, y) => 255 - scene.at(x, y) });

function error(found: Found, moving: Image): number {
  if (!found.ok) throw new Error(found.diagnostics.map((d) => d.message).join("\n"));
  const truth = inverse(turned);
  const places = [100, 80, 200, 90, 160, 140, 110, 200, 230, 190];
  const at = toPixel(
    moving.grid,
    apply(found.value.transform.transform, toWorld(pixelGrid(size.width, size.height), pixelPoints(places))),
  );
  let most = 0;
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = project(truth, places[i]!, places[i + 1]!);
    most = Math.max(most, Math.hypot(at[i]! - x, at[i + 1]! - y));
  }
  return most;
}

describe("match/auto", () => {
  const scene = texturedScene(3);
  const fixed = viewImage(scene, { ...size, noise: 2, seed: 1 });

  test("images that look alike are registered by features, and nothing else is tried", async () => {
    const moving = viewImage(scene, { ...size, noise: 2, seed: 2, sceneFromPixel: turned });
    const found = await run(fixed, moving);
    expect(error(found, moving)).toBeLessThan(0.1);
    expect(found.ok && found.verdict).toMatchObject({
      status: "accepted",
      candidates: [{ method: "SIFT features", chosen: true, status: "accepted" }],
    });
  });

  test("images of different modality are registered by structure; what was tried before is told", async () => {
    const moving = viewImage(otherModality(scene), { ...size, noise: 2, seed: 2, sceneFromPixel: turned });
    const found = await run(fixed, moving);
    expect(error(found, moving)).toBeLessThan(1);
    expect(found.ok && found.verdict?.status).toBe("accepted");
    expect(found.ok && found.verdict?.candidates?.map((c) => [c.method, c.chosen])).toEqual([
      ["SIFT features", false],
      ["structure", true],
    ]);
    expect(found.ok && found.value.matches.fixed.length).toBeGreaterThan(20);
  });

  test("images of different places are refused, whatever was tried", async () => {
    const found = await run(fixed, viewImage(texturedScene(90), { ...size, noise: 2, seed: 2 }));
    expect(found.ok && found.verdict?.status).toBe("rejected");
    expect(found.ok && found.verdict?.candidates?.length).toBeGreaterThan(1);
  });

  test("the same inputs give the same bytes", async () => {
    const moving = viewImage(otherModality(scene), { ...size, noise: 2, seed: 2, sceneFromPixel: turned });
    const [a, b] = [await run(fixed, moving), await run(fixed, moving)];
    expect(a.ok && a.value.transform).toEqual(b.ok && b.value.transform);
  });

  test("a blank image fails with what every method has to say", async () => {
    const blank = memoryImage(new Uint8Array(size.width * size.height).fill(7), pixelGrid(size.width, size.height));
    const found = await run(fixed, blank);
    expect(!found.ok && found.diagnostics[0]!.code).toBe("too-few-keypoints");
  });

  test("a map bends where all tie points say that a straight one leaves something out", async () => {
    // The moving image shows the scene through a wave of 3 pixels.
    const wave = (x: number, y: number) => [x + 3 * Math.sin(y / 45), y + 3 * Math.sin(x / 55)] as const;
    const bent: Scene = { at: (x, y) => scene.at(...wave(x, y)) };
    const moving = viewImage(bent, { ...size, noise: 2, seed: 2 });
    const found = await run(fixed, moving);
    if (!found.ok) throw new Error(found.diagnostics[0]!.message);
    expect(found.value.transform.transform.type).toBe("tps");
    expect(found.verdict?.candidates?.map((c) => [c.chosen, c.status])).toEqual([
      [false, "accepted"],
      [true, "accepted"],
    ]);
    // Moving pixel p shows the fixed pixel wave(p): the map must take wave(p) back to p.
    const places = [60, 60, 160, 140, 250, 90, 90, 220];
    const there = places.flatMap((_, i) => (i % 2 ? [] : [...wave(places[i]!, places[i + 1]!)]));
    const back = apply(found.value.transform.transform, toWorld(fixed.grid, pixelPoints(there)));
    for (let i = 0; i < places.length; i++) expect(Math.abs(back[i]! - places[i]!)).toBeLessThan(0.3);
    const told = await run(fixed, moving, { model: "affine" });
    expect(told.ok && told.value.transform.transform.type).toBe("affine");
  });

  test("fits the model that it is told", async () => {
    const moving = viewImage(scene, { ...size, noise: 2, seed: 2, sceneFromPixel: turned });
    const found = await run(fixed, moving, { model: "rigid" });
    if (!found.ok) throw new Error(found.diagnostics[0]!.message);
    const { transform } = found.value.transform;
    const [a, b] = transform.type === "affine" ? transform.matrix : [];
    expect(a! * a! + b! * b!).toBeCloseTo(1, 9);
  });
});
