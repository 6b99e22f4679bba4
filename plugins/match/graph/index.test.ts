import { type Matches, type PointSet, type Registration, type Verdict, worldPoints } from "tiepoint/plugin";
import { expect, test } from "vitest";
import { seededRandom } from "../../../src/math/random.js";
import { context, paramsOf } from "../../../test/support/matcher.js";
import { farthestOff, madeSets, setOf } from "../../../test/support/point-sets.js";
import { texturedScene, viewImage } from "../../../test/support/scene.js";
import similarity from "../../estimate/similarity/index.js";
import graph from "./index.js";

type Ports = { fixed: PointSet; moving: PointSet };
const find = (inputs: Ports, changed: Record<string, unknown> = {}) =>
  graph.run(inputs as never, paramsOf(graph, changed) as never, context());

async function matchesOf(inputs: Ports, changed?: Record<string, unknown>): Promise<Matches> {
  const outcome = await find(inputs, changed);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.diagnostics));
  return outcome.value.matches;
}

async function judged(matches: Matches): Promise<{ transform?: Registration; verdict?: Verdict; codes: string[] }> {
  const outcome = await similarity.run({ matches }, paramsOf(similarity) as never, context());
  if (!outcome.ok) return { codes: outcome.diagnostics.map((d) => d.code) };
  const { verdict } = outcome;
  return { transform: outcome.value.transform, verdict: verdict!, codes: verdict!.reasons.map((d) => d.code) };
}

test.each([1, 2])("an estimator accepts what it finds (seed %i)", async (seed) => {
  const made = madeSets(seed);
  const matches = await matchesOf({ fixed: setOf(made.fixed), moving: setOf(made.moving) });
  const { transform, verdict } = await judged(matches);
  expect(verdict).toMatchObject({ status: "accepted", reasons: [] });
  if (transform?.transform.type !== "affine") throw new Error("not affine");
  expect(farthestOff(transform.transform.matrix, made)).toBeLessThan(0.03);
  expect(Array.from(matches.weight!)).toEqual(Array.from(matches.weight!).sort((a, b) => b - a));
});

test.each([8, 20, 60])("%i unrelated points are refused, though the tie points agree by choice", async (count) => {
  for (let seed = 1; seed <= 4; seed++) {
    const fixed = setOf(madeSets(seed, { count }).fixed);
    const moving = setOf(madeSets(seed + 500, { count }).moving);
    const { verdict, codes } = await judged(await matchesOf({ fixed, moving }));
    expect(verdict?.status ?? "rejected").toBe("rejected");
    expect(codes.length).toBeGreaterThan(0);
  }
});

test("clusters in the same places are no evidence", async () => {
  const clouds = (seed: number) => {
    const random = seededRandom(seed);
    const near = () => 60 * (random() + random() + random() - 1.5);
    const centres = [100, 100, 700, 200, 300, 800];
    return setOf(Array.from({ length: 240 }, (_, k) => centres[(2 * ((k >> 1) % 3) + (k % 2)) as 0]! + near()));
  };
  for (const seed of [1]) {
    const { verdict } = await judged(await matchesOf({ fixed: clouds(seed), moving: clouds(seed + 40) }));
    expect(verdict?.status ?? "rejected").toBe("rejected");
  }
});

test("a lattice is flagged as ambiguous", async () => {
  const random = seededRandom(5);
  const lattice = () =>
    setOf(
      Float64Array.from({ length: 450 }, (_, k) => 40 * (k % 2 === 0 ? (k >> 1) % 15 : Math.floor(k / 30)) + random()),
    );
  const { verdict, codes } = await judged(await matchesOf({ fixed: lattice(), moving: lattice() }));
  expect(verdict!.status).not.toBe("accepted");
  expect(codes).toContain("ambiguous");
});

test("points of a set that looks the same after half a turn are flagged as ambiguous", async () => {
  const { fixed } = madeSets(3, { count: 60 });
  const twice = setOf([...fixed, ...fixed.map((v) => -v)]);
  const { codes } = await judged(await matchesOf({ fixed: twice, moving: twice }));
  expect(codes).toContain("ambiguous");
});

test("a similarity that leaves out what a stretch moved is in doubt, not accepted by the tie points it kept", async () => {
  const made = madeSets(12, { stretch: 0.03, missing: 0.2, spurious: 0.2 });
  // In units of which a typical distance is 25: the stretch moves far points by many times the inlier distance.
  const scale = 25 / made.spacing;
  const moving = setOf(made.moving.map((v) => v * scale));
  const { verdict, codes } = await judged(await matchesOf({ fixed: setOf(made.fixed), moving }));
  expect(verdict!.status).toBe("suspect");
  expect(codes).toContain("too-stiff");
});

const grid = (count: number, place: (i: number) => readonly [number, number]) =>
  setOf(Array.from({ length: count }, (_, i) => place(i)).flat());
test.each([
  ["too-few-points", grid(0, () => [0, 0])],
  ["too-few-points", grid(3, (i) => [i, i * i])],
  ["too-few-points", grid(50, () => [4, 4])],
  ["too-few-points", grid(50, () => [Number.NaN, Number.NaN])],
  ["points-on-a-line", grid(50, (i) => [3 * i, 7 * i])],
] as const)("%s is told", async (code, bad) => {
  const outcome = await find({ fixed: setOf(madeSets(1).fixed), moving: bad });
  expect(outcome.ok ? [] : outcome.diagnostics).toMatchObject([
    { code, message: expect.stringContaining("moving"), hint: expect.stringMatching(/\S/) },
  ]);
});

test("points without a place, repeated and beyond the most are left out and told", async () => {
  const { fixed, moving } = madeSets(4);
  const odd = setOf([...fixed, ...fixed.subarray(0, 20), Number.NaN, 3]);
  const outcome = await find({ fixed: odd, moving: { ...setOf(moving) } });
  expect(outcome.ok && outcome.notes?.map((d) => d.code)).toEqual(["points-without-place", "points-repeated"]);
  expect(outcome.ok && outcome.value.matches.detected?.fixed).toBe(200);
  const confidence = Float64Array.from({ length: 200 }, (_, i) => i / 200);
  const few = await find({ fixed: { ...setOf(fixed), confidence }, moving: setOf(moving) }, { maxPoints: 150 });
  expect(few.ok && few.notes?.map((d) => d.code)).toContain("points-left-out");
  expect(few.ok && few.value.matches.pointSets!.fixed[0]).toBe(fixed[100]);
});

test("one image alone and a scale range upside down are refused", async () => {
  const { fixed, moving } = madeSets(1);
  const sets = { fixed: setOf(fixed), moving: setOf(moving) };
  const image = viewImage(texturedScene(1), { width: 40, height: 30 });
  const one = await find({ ...sets, fixedImage: image } as never);
  expect(one.ok ? [] : one.diagnostics.map((d) => d.code)).toEqual(["one-image"]);
  const turned = await find(sets, { minScale: 3, maxScale: 2 });
  expect(turned.ok ? [] : turned.diagnostics.map((d) => d.code)).toEqual(["scale-range"]);
});

test("moving either world moves the tie points with it", async () => {
  const { fixed, moving } = madeSets(6);
  const plain = await matchesOf({ fixed: setOf(fixed), moving: setOf(moving) });
  const placed = setOf(fixed.map((v, k) => 0.5 * v + (k % 2 === 0 ? 4096 : -512)));
  const matches = await matchesOf({ fixed: { ...placed, points: worldPoints(placed.points) }, moving: setOf(moving) });
  expect(matches.moving.length).toBeGreaterThan(0.95 * plain.moving.length);
  for (let i = 0; i < matches.fixed.length; i += 2) {
    const k = plain.moving.findIndex((v, n) => n % 2 === 0 && v === matches.moving[i]);
    if (k >= 0) expect(matches.fixed[i]).toBeCloseTo(0.5 * plain.fixed[k]! + 4096, 6);
  }
});
