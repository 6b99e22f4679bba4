import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import { type Grid, toWorld } from "../core/grid.js";
import type { Image } from "../core/image.js";
import type { Matches } from "../core/matches.js";
import { type Points, pixelPoints } from "../core/points.js";
import { imageInput, imageTensor, type TensorOptions } from "./image-tensor.js";
import { conventionProblem, type Network, type Tensor } from "./network.js";

/** Names of inputs and outputs, where they are not the usual ones. */
export interface MatchedPointsNames {
  readonly fixed?: string | undefined;
  readonly moving?: string | undefined;
  readonly fixedPoints?: string | undefined;
  readonly movingPoints?: string | undefined;
  readonly pairs?: string | undefined;
  readonly scores?: string | undefined;
}

export interface MatchedPointsOptions extends TensorOptions {
  readonly names: MatchedPointsNames;
  /** Pairs that the network is less sure of are left out, 0 to 1. */
  readonly minScore: number;
  /** Where the centre of the first pixel lies in the network's coordinates: 0 or 0.5. */
  readonly firstCentre: number;
}

/** What exported matchers call their outputs (LightGlue-ONNX of several years, LoFTR, XFeat). */
const usual = {
  fixedPoints: ["kpts0", "keypoints0", "mkpts0", "points0"],
  movingPoints: ["kpts1", "keypoints1", "mkpts1", "points1"],
  pairs: ["matches0", "matches"],
  scores: ["mscores0", "mscores", "scores", "confidence", "mconf"],
} as const;

const CONVENTION =
  "a matcher of two images: two float32 inputs of four dimensions with 1 or 3 channels, and as outputs the points of either image (n x 2), their pairs (m x 2 whole numbers; absent when points are paired row by row) and scores (m)";

/** Finds which of a network's inputs and outputs are what. */
function roles(network: Network, names: MatchedPointsNames): Result<Roles> {
  const given = new Set(network.outputs.map((o) => o.name));
  const inputs = network.inputs.map((i) => i.name);
  const find = (role: keyof typeof usual) => names[role] ?? usual[role].find((name) => given.has(name));
  const found = {
    fixed: names.fixed ?? inputs[0],
    moving: names.moving ?? inputs[1],
    fixedPoints: find("fixedPoints"),
    movingPoints: find("movingPoints"),
    pairs: find("pairs"),
    scores: find("scores"),
  };
  const hint =
    "Name them with input-fixed, input-moving, points-fixed, points-moving, pairs and scores; a network that gives a map is for match/learned-map.";
  const image = (name: string | undefined) => network.inputs.find((i) => i.name === name);
  const outputs = [found.fixedPoints, found.movingPoints, found.pairs, found.scores];
  const bound =
    network.inputs.length === 2 &&
    found.fixed !== found.moving &&
    [found.fixed, found.moving].every((name) => {
      const port = image(name);
      return port !== undefined && imageInput(port) !== undefined;
    }) &&
    found.fixedPoints !== undefined &&
    found.movingPoints !== undefined &&
    outputs.every((name) => name === undefined || given.has(name));
  return bound ? ok(found as Roles) : conventionProblem(CONVENTION, network, hint);
}

interface Roles {
  readonly fixed: string;
  readonly moving: string;
  readonly fixedPoints: string;
  readonly movingPoints: string;
  readonly pairs?: string;
  readonly scores?: string;
}

/**
 * Tie points of two images by a network that finds and pairs points itself, such as DISK with LightGlue.
 *
 * @returns matches in world coordinates, the surest first; `network-convention` when the model is no such network,
 *   `network-output` when what it gives cannot be read as points
 */
export async function matchedPoints(
  network: Network,
  images: { readonly fixed: Image; readonly moving: Image },
  options: MatchedPointsOptions,
  signal: AbortSignal,
): Promise<Result<Matches>> {
  const bound = roles(network, options.names);
  if (!bound.ok) return bound;
  const names = bound.value;
  const port = (name: string) => imageInput(network.inputs.find((i) => i.name === name)!)!;
  const fixed = await imageTensor(images.fixed, port(names.fixed), options, signal);
  const moving = await imageTensor(images.moving, port(names.moving), options, signal);
  signal.throwIfAborted();
  const ran = await network.run({ [names.fixed]: fixed.tensor, [names.moving]: moving.tensor });
  if (!ran.ok) return ran;
  const output = (name: string | undefined) => (name === undefined ? undefined : ran.value[name]);
  const from = rowsOf(output(names.fixedPoints), 2);
  const to = rowsOf(output(names.movingPoints), 2);
  const pairs = names.pairs === undefined ? undefined : pairRows(output(names.pairs));
  const scores = output(names.scores)?.data;
  if (!from || !to || (names.pairs !== undefined && !pairs))
    return wrongOutput(ran.value, names, "points are not rows of two numbers");
  const count = pairs ? pairs.length / 2 : from.length / 2;
  if (!pairs && from.length !== to.length) return wrongOutput(ran.value, names, "the two lists are not equally long");
  if (scores && scores.length < count) return wrongOutput(ran.value, names, "there are fewer scores than pairs");
  const kept: { f: number; m: number; score: number }[] = [];
  for (let k = 0; k < count; k++) {
    const f = pairs ? pairs[2 * k]! : k;
    const m = pairs ? pairs[2 * k + 1]! : k;
    if (f === -1 || m === -1) continue; // how some say that a point has no partner
    const point = [from[2 * f], from[2 * f + 1], to[2 * m], to[2 * m + 1]];
    if (!point.every(Number.isFinite)) return wrongOutput(ran.value, names, `pair ${k} names points that do not exist`);
    const score = scores ? Math.min(1, Math.max(0, scores[k]!)) : 1;
    if (score >= options.minScore) kept.push({ f, m, score });
  }
  kept.sort((a, b) => b.score - a.score || a.f - b.f || a.m - b.m);
  const places = (grid: Grid, rows: Float32Array, of: (pair: (typeof kept)[0]) => number): Points<"world"> =>
    toWorld(
      grid,
      pixelPoints(
        kept.flatMap((pair) => [
          rows[2 * of(pair)]! - options.firstCentre,
          rows[2 * of(pair) + 1]! - options.firstCentre,
        ]),
      ),
    );
  return ok({
    fixed: places(fixed.grid, from, (pair) => pair.f),
    moving: places(moving.grid, to, (pair) => pair.m),
    weight: Float64Array.from(kept, (pair) => pair.score),
    images,
    detected: { fixed: from.length / 2, moving: to.length / 2 },
  });
}

/** Rows of a fixed length: n x w, or 1 x n x w. */
function rowsOf(tensor: Tensor | undefined, width: number): Float32Array | undefined {
  if (!tensor) return undefined;
  const { dims, data } = tensor;
  const bare = dims.length === 3 && dims[0] === 1 ? dims.slice(1) : dims;
  return bare.length === 2 && bare[1] === width ? data : undefined;
}

/** Pairs of indices; some exports put the number of the batch before them. */
function pairRows(tensor: Tensor | undefined): Float32Array | undefined {
  const two = rowsOf(tensor, 2);
  if (two) return two;
  const three = rowsOf(tensor, 3);
  if (!three) return undefined;
  const out = new Float32Array((three.length / 3) * 2);
  for (let k = 0; k < three.length / 3; k++) out.set([three[3 * k + 1]!, three[3 * k + 2]!], 2 * k);
  return out;
}

function wrongOutput(given: Readonly<Record<string, Tensor>>, names: Roles, why: string): Result<never> {
  const shown = [names.fixedPoints, names.movingPoints, names.pairs, names.scores]
    .filter((name) => name !== undefined)
    .map((name) => `${name} [${given[name]?.dims.join(", ") ?? "absent"}]`);
  return failed(
    problem(
      "network-output",
      `The network's points cannot be read: ${why}. It gave ${shown.join("; ")}`,
      "Check which outputs are points, pairs and scores, and name them.",
    ),
  );
}
