import {
  type Diagnostic,
  definePlugin,
  failed,
  type Image,
  ok,
  type PointSet,
  type Points,
  problem,
  type Result,
  toPixel,
  warning,
} from "tiepoint/plugin";
import { nameList, pairByName, pairByOrder } from "./pair.js";

export default definePlugin({
  kind: "match",
  name: "landmarks",
  version: "1",
  summary: "Pairs landmarks of two images by their names: points set by hand or predicted by a model.",
  params: {
    pairBy: {
      type: "string",
      enum: ["name", "order"],
      default: "name",
      description: "What says that two points are the same place: their names, or their order in equally long lists.",
    },
    minConfidence: {
      type: "number",
      minimum: 0,
      maximum: 1,
      default: 0,
      description: "Leaves out points of which the file or the model is less sure than this.",
    },
  },
  inputs: { fixed: "points", moving: "points", fixedImage: "image?", movingImage: "image?" },
  outputs: { matches: "matches" },
  async run({ fixed, moving, fixedImage, movingImage }, { pairBy, minConfidence }, { signal }) {
    signal.throwIfAborted();
    const unsure = [...lessSure(fixed, minConfidence), ...lessSure(moving, minConfidence)];
    const [from, to] = [sureOnes(fixed, minConfidence), sureOnes(moving, minConfidence)];
    const paired = pairBy === "name" ? pairByName(from, to) : pairByOrder(from, to);
    if (!paired.ok) return paired;
    const { names, onlyFixed, onlyMoving } = paired.value;
    const inside = [
      checkInside(from, paired.value.fixed, names, fixedImage, "fixed"),
      checkInside(to, paired.value.moving, names, movingImage, "moving"),
    ].filter((r) => !r.ok);
    if (inside.length > 0) return failed(...inside.flatMap((r) => (r.ok ? [] : r.diagnostics)));
    if (names.length < 2) {
      return failed(
        problem(
          "too-few-points",
          `Expected at least 2 points that both images have, but found ${names.length}`,
          unsure.length > 0 ? "Lower min-confidence, or set more points." : "Set more points.",
        ),
      );
    }
    const notes: Diagnostic[] = [];
    const tell = (code: string, what: string, list: readonly string[]) => {
      if (list.length > 0) notes.push({ severity: "info", code, message: `${what}: ${nameList(list)}` });
    };
    tell("only-in-fixed", "Points of the fixed image that the moving image lacks", onlyFixed);
    tell("only-in-moving", "Points of the moving image that the fixed image lacks", onlyMoving);
    tell("not-confident", `Points below min-confidence ${minConfidence}`, [...new Set(unsure)]);
    const weight = Float64Array.from(names, (_, k) => {
      const a = from.confidence?.[paired.value.fixed[k]!] ?? 1;
      const b = to.confidence?.[paired.value.moving[k]!] ?? 1;
      return a * b;
    });
    if (!weight.some((w) => w > 0)) {
      return failed(problem("no-confidence", "All points have confidence 0", "Check the column with confidences."));
    }
    if (fixedImage === undefined && movingImage !== undefined) notes.push(halfSeen("fixed-image"));
    if (movingImage === undefined && fixedImage !== undefined) notes.push(halfSeen("moving-image"));
    // The most trusted first, and alike in the order of the fixed points.
    const order = names.map((_, k) => k).sort((p, q) => weight[q]! - weight[p]! || p - q);
    return {
      ok: true,
      value: {
        matches: {
          fixed: pick(
            from,
            order.map((k) => paired.value.fixed[k]!),
          ),
          moving: pick(
            to,
            order.map((k) => paired.value.moving[k]!),
          ),
          weight: Float64Array.from(order, (k) => weight[k]!),
          names: order.map((k) => names[k]!),
          ...(fixedImage && movingImage ? { images: { fixed: fixedImage, moving: movingImage } } : {}),
        },
      },
      metrics: { matches: { value: names.length } },
      notes,
    };
  },
});

const halfSeen = (port: string): Diagnostic =>
  warning("one-image", `One image is given without the other, so that the verdict looks at none`, `Add ${port}:.`);

function lessSure({ points, confidence, names }: PointSet, least: number): string[] {
  const list: string[] = [];
  confidence?.forEach((c, i) => {
    if (c < least && Number.isFinite(points[2 * i]!)) list.push(names?.[i] ?? String(i + 1));
  });
  return list;
}

/** The set with points below a confidence made missing, so that counts and order stay. */
function sureOnes(set: PointSet, least: number): PointSet {
  if (!set.confidence?.some((c) => c < least)) return set;
  const points = Float64Array.from(set.points) as Points<"world">;
  set.confidence.forEach((c, i) => {
    if (c < least) points.fill(Number.NaN, 2 * i, 2 * i + 2);
  });
  return { ...set, points };
}

/** Refuses points that lie outside of their image: wrong file, wrong axis, or coordinates of another size of it. */
function checkInside(
  set: PointSet,
  use: readonly number[],
  names: readonly string[],
  image: Image | undefined,
  side: string,
): Result<undefined> {
  if (!image) return ok(undefined);
  const { width, height } = image.grid;
  const pixels = toPixel(image.grid, pick(set, use));
  const out = names.flatMap((name, k) => {
    const [x, y] = [pixels[2 * k]!, pixels[2 * k + 1]!];
    const isIn = x >= -0.5 && y >= -0.5 && x <= width - 0.5 && y <= height - 0.5;
    return isIn ? [] : [`"${name.slice(0, 40)}" at (${Number(x.toFixed(1))}, ${Number(y.toFixed(1))})`];
  });
  if (out.length === 0) return ok(undefined);
  return failed(
    problem(
      "point-outside",
      `Expected the ${side} points inside their image of ${width} x ${height} px, but ${out.slice(0, 5).join(", ")}${out.length > 5 ? ` and ${out.length - 5} more` : ""} lie outside`,
      "Check that points and image belong together, and whether y counts up (y-axis: up at the points).",
    ),
  );
}

function pick({ points }: PointSet, use: readonly number[]): Points<"world"> {
  return Float64Array.from(use.flatMap((i) => [points[2 * i]!, points[2 * i + 1]!])) as Points<"world">;
}
