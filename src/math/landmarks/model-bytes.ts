import { failed, problem, type Result } from "../../core/diagnostic.js";
import type { Crs } from "../../core/grid.js";
import { type JsonReader, readJson } from "../../core/json-reader.js";
import type { Model } from "../../core/plugin.js";
import type { Cascade, CascadeLevel } from "./cascade.js";
import { sizeOf } from "./cascade.js";
import type { Forest } from "./forest.js";
import { LANDMARK_FORMAT, type LandmarkModel } from "./model.js";
import type { Probes } from "./trees.js";

/**
 * A model of landmarks as bytes: uint32 length of a JSON text, the text (padded by spaces to a multiple of 8), and arrays in the order
 * of `arraysOf`, each padded to 8 bytes. Little endian.
 */
export function encodeLandmarkModel(model: LandmarkModel): Model {
  const { locator, calibration, ...rest } = model;
  const { forest, cascade, appearance, mean, spread } = locator;
  const text = JSON.stringify({
    ...rest,
    spread,
    forest: { trees: forest.trees, depth: forest.depth, probes: forest.probes.anchors.length },
    cascade: {
      depth: cascade.depth,
      levels: cascade.levels.map(({ trees, probes }) => ({ trees, probes: probes.anchors.length })),
    },
    appearance: { probes: appearance.probes.anchors.length },
    calibration: { ...calibration, base: undefined },
  });
  const bytes = new TextEncoder().encode(text);
  const header = new Uint8Array(padded(bytes.length + 4)).fill(32);
  header.set(bytes, 4);
  new DataView(header.buffer).setUint32(0, header.length - 4, true);
  const parts: Uint8Array[] = [header];
  const put = (array: Float64Array | Float32Array | Int32Array | Int16Array) => {
    const part = new Uint8Array(padded(array.byteLength));
    part.set(new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength));
    parts.push(part);
  };
  for (const array of [mean, calibration.base, forest.probes.offsets, forest.splits, forest.leaves]) put(array);
  for (const { probes, splits, leaves } of cascade.levels) {
    for (const array of [probes.anchors, probes.offsets, splits, leaves]) put(array);
  }
  for (const array of [appearance.probes.anchors, appearance.probes.offsets, appearance.mean, appearance.weight]) {
    put(array);
  }
  const data = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { format: LANDMARK_FORMAT, data };
}

const padded = (bytes: number) => (bytes + 7) & ~7;

/** What the text of a model says; every number within bounds. */
const readText = (r: JsonReader) => {
  const positive = (of: JsonReader) => (of.number() > 0 ? of.number() : of.expect("a number above 0"));
  const size = r.get("size");
  const spread = r.get("spread");
  const forest = r.get("forest");
  const cascade = r.get("cascade");
  const calibration = r.get("calibration");
  const usual = (name: string) => ({
    mean: calibration.get(name).get("mean").number(),
    deviation: positive(calibration.get(name).get("deviation")),
  });
  const crs = r.get("crs");
  return {
    names: r
      .get("names")
      .array(500)
      .map((name) => name.string()),
    crs: (/^(px|um|EPSG:\d+)$/.test(crs.string()) ? crs.string() : crs.expect("px, um or an EPSG code")) as Crs,
    size: { world: positive(size.get("world")), share: positive(size.get("share")) },
    basis: r.get("basis").oneOf("world", "share"),
    step: r.get("step").integer(1, 64),
    images: r.get("images").integer(1, 1e9),
    tolerance: positive(r.get("tolerance")),
    spread: {
      radius: positive(spread.get("radius")),
      angle: positive(spread.get("angle")),
      factor: positive(spread.get("factor")),
    },
    forest: {
      trees: forest.get("trees").integer(1, 500),
      depth: forest.get("depth").integer(1, 14),
      probes: forest.get("probes").integer(2, 4096),
    },
    cascade: {
      depth: cascade.get("depth").integer(1, 10),
      levels: cascade
        .get("levels")
        .array(100)
        .map((level) => ({
          trees: level.get("trees").integer(1, 5000),
          probes: level.get("probes").integer(2, 4096),
        })),
    },
    appearance: { probes: r.get("appearance").get("probes").integer(2, 4096) },
    calibration: {
      slope: calibration.get("slope").number(),
      ceiling: positive(calibration.get("ceiling")),
      likeness: usual("likeness"),
      votes: usual("votes"),
    },
  };
};

/** Nothing in a model is larger: lengths are in radii of the shape or in pixels of a small image. */
const LARGEST = 1e4;

/** Thrown within `decodeLandmarkModel` at the first array that is not as it should be. */
class Misfit extends Error {}

/** Reads a model that is not trusted. @returns the model; or `not-a-landmark-model`, `model-damaged` */
export function decodeLandmarkModel(model: Model): Result<LandmarkModel> {
  if (model.format !== LANDMARK_FORMAT) {
    return failed(
      problem(
        "not-a-landmark-model",
        `Expected a model of format ${LANDMARK_FORMAT}, but this is of format ${model.format}`,
        "Give a model that landmarks/train wrote.",
      ),
    );
  }
  const { data } = model;
  const damaged = (why: string) =>
    failed(problem("model-damaged", `The landmark model is damaged: ${why}`, "Train it again."));
  const length = data.length < 4 ? 0 : new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  if (length === 0 || length + 4 > data.length || length > 1e6) return damaged("its text is longer than the model");
  const text = readJson(new TextDecoder().decode(data.subarray(4, 4 + length)), "model-damaged", readText);
  if (!text.ok) return text;
  try {
    return { ok: true, value: readArrays(text.value, data, 4 + length) };
  } catch (error) {
    if (error instanceof Misfit) return damaged(error.message);
    throw error;
  }
}

function readArrays(text: ReturnType<typeof readText>, data: Uint8Array, from: number): LandmarkModel {
  let at = from;
  const take = (bytes: number): ArrayBuffer => {
    if (at + padded(bytes) > data.length) throw new Misfit("it ends too early");
    const part = data.slice(at, at + bytes);
    at += padded(bytes);
    return part.buffer;
  };
  const finite = <T extends Float32Array | Float64Array>(array: T): T => {
    if (!array.every((v: number) => Math.abs(v) <= LARGEST))
      throw new Misfit("it holds a number that no training gives");
    return array;
  };
  const f32 = (count: number) => finite(new Float32Array(take(4 * count)));
  const f64 = (count: number) => finite(new Float64Array(take(8 * count)));
  const { names, cascade, spread, calibration, ...rest } = text;
  const points = names.length;
  if (points < 2) throw new Misfit("it has fewer than two points");
  const anchorsOf = (count: number) => {
    const anchors = new Int32Array(take(4 * count));
    if (anchors.some((k) => k < 0 || k >= points)) throw new Misfit("a probe belongs to no point");
    return anchors;
  };
  const splitsOf = (trees: number, depth: number, probes: number) => {
    const splits = new Int16Array(take(8 * trees * ((1 << depth) - 1)));
    if (splits.some((v, i) => i % 4 < 2 && (v < 0 || v >= probes))) throw new Misfit("a split asks for no probe");
    return splits;
  };
  const mean = f64(2 * points);
  const base = f64(points);
  const { trees, depth, probes } = text.forest;
  const forest: Forest = {
    ...{ trees, depth, probes: { anchors: new Int32Array(probes), offsets: f32(2 * probes) } },
    ...{ splits: splitsOf(trees, depth, probes), leaves: f32((trees << depth) * points * 3) },
  };
  const probesOf = (count: number): Probes => ({ anchors: anchorsOf(count), offsets: f32(2 * count) });
  const levels = cascade.levels.map(
    (level): CascadeLevel => ({
      ...{ probes: probesOf(level.probes), trees: level.trees },
      ...{ splits: splitsOf(level.trees, cascade.depth, level.probes) },
      ...{ leaves: f32((level.trees << cascade.depth) * sizeOf(points)) },
    }),
  );
  const count = text.appearance.probes;
  const appearance = { probes: probesOf(count), mean: f32(count), weight: f32(count) };
  if (at !== data.length) throw new Misfit("there is more than it tells of");
  const square = mean.reduce((sum, v) => sum + v * v, 0) / points;
  if (!(square > 0.25 && square < 4)) throw new Misfit("its mean shape has not radius 1");
  if (base.some((v) => v <= 0) || !(calibration.slope >= 0))
    throw new Misfit("an error of its calibration is not above 0");
  const made: Cascade = { depth: cascade.depth, levels };
  const { forest: _, appearance: __, ...head } = rest;
  return {
    ...head,
    names,
    locator: { mean, spread, forest, cascade: made, appearance },
    calibration: { ...calibration, base },
  };
}
