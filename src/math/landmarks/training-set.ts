import { type Diagnostic, failed, ok, problem, type Result, warning } from "../../core/diagnostic.js";
import { spacing, toPixel, toWorld } from "../../core/grid.js";
import type { Image } from "../../core/image.js";
import { type PointSet, pixelPoints, worldPoints } from "../../core/points.js";
import { log } from "../elementary.js";
import { isUsable } from "./planes.js";
import { fitPose, meanShape, place, poseSpread, type Shape, scaleOf } from "./shape.js";

/** Images with their points, in one order of names. */
export interface TrainingSet {
  readonly names: readonly string[];
  readonly ids: readonly string[];
  readonly images: readonly Image[];
  /** In pixels of each image; NaN where a point is missing. */
  readonly shapes: readonly Shape[];
  /** Mean shape and its size: see `LandmarkModel`. */
  readonly mean: Shape;
  readonly size: { readonly world: number; readonly share: number };
  readonly basis: "world" | "share";
  readonly notes: readonly Diagnostic[];
}

export const LEAST_IMAGES = 5;
/** Below this the learning curve is steep. */
const FEW_IMAGES = 15;
/** Images that a point must be annotated in. */
const LEAST_SEEN = 3;
/** How far outside its image a point may lie, as a share of the diagonal: annotators click beside the border. */
const OUTSIDE = 0.03;

/**
 * Puts images and points together by item, checks them, and tells all that is wrong at once.
 *
 * @returns the set; or `too-few-images`, `images-without-points`, `points-without-names`, `double-name`,
 *   `point-outside-image`, `point-rarely-seen`, `too-few-points`, `unit-differs`
 */
export function trainingSet(
  images: ReadonlyMap<string, Image>,
  points: ReadonlyMap<string, PointSet>,
): Result<TrainingSet> {
  const ids = [...images.keys()].filter((id) => points.has(id));
  const wrong: Diagnostic[] = [];
  const notes: Diagnostic[] = [];
  const alone = [...images.keys()].filter((id) => !points.has(id));
  const lost = [...points.keys()].filter((id) => !images.has(id));
  if (ids.length === 0 && images.size > 0 && points.size > 0) {
    return failed(
      problem(
        "images-without-points",
        `No image has points of its own name: images are ${some([...images.keys()])}, points are ${some([...points.keys()])}`,
        "Read both from one collection, or name files alike.",
      ),
    );
  }
  if (alone.length > 0) notes.push(warning("images-without-points", `No points for ${some(alone)}: left out`));
  if (lost.length > 0)
    notes.push(warning("points-without-image", `No image for the points of ${some(lost)}: left out`));
  const named = ids.filter((id) => points.get(id)!.names).length;
  if (named > 0 && named < ids.length) {
    wrong.push(
      problem(
        "points-without-names",
        `The points of ${some(ids.filter((id) => !points.get(id)!.names))} have no names, those of others have`,
        "Give each row of the file a name.",
      ),
    );
  }
  const nameOf = (set: PointSet, i: number) => set.names?.[i] ?? String(i + 1);
  const names: string[] = [];
  const seenIn = new Map<string, string[]>();
  for (const id of ids) {
    const set = points.get(id)!;
    const own = new Set<string>();
    for (let i = 0; i < set.points.length / 2; i++) {
      const name = nameOf(set, i);
      if (own.has(name)) wrong.push(problem("double-name", `The points of ${id} name "${name}" twice`));
      own.add(name);
      if (!seenIn.has(name)) names.push(name);
      const seen = seenIn.get(name) ?? [];
      if (isThere(set, i)) seen.push(id);
      seenIn.set(name, seen);
    }
  }
  const rare = names.filter((name) => seenIn.get(name)!.length < Math.min(LEAST_SEEN, ids.length));
  if (rare.length > 0 && ids.length >= LEAST_IMAGES) {
    wrong.push(
      problem(
        "point-rarely-seen",
        `Expected each point in ${LEAST_SEEN} images at least, but ${rare
          .slice(0, 4)
          .map((name) => `"${name}" is only in ${some(seenIn.get(name)!) || "none"}`)
          .join("; ")}`,
        "Check how the names are spelt; leave out points that are hardly ever seen.",
      ),
    );
  }
  if (names.length < 2) {
    wrong.push(problem("too-few-points", `Expected two points or more in each image, but found ${names.length}`));
  }
  const shapes: Shape[] = [];
  const used: string[] = [];
  for (const id of ids) {
    const { grid } = images.get(id)!;
    const set = points.get(id)!;
    const pixels = toPixel(grid, set.points);
    const shape = new Float64Array(2 * names.length).fill(Number.NaN);
    const room = OUTSIDE * Math.sqrt(grid.width ** 2 + grid.height ** 2);
    for (let i = 0; i < pixels.length / 2; i++) {
      if (!isThere(set, i)) continue;
      const [x, y] = [pixels[2 * i]!, pixels[2 * i + 1]!];
      const inside = x >= -room && y >= -room && x <= grid.width - 1 + room && y <= grid.height - 1 + room;
      if (!inside) {
        wrong.push(
          problem(
            "point-outside-image",
            `Point "${nameOf(set, i)}" of ${id} lies at (${x.toFixed(1)}, ${y.toFixed(1)}), outside of its ${grid.width} x ${grid.height} px`,
            "Check that the points belong to this image, are in its pixels, and count y downwards.",
          ),
        );
        break;
      }
      shape.set([x, y], 2 * names.indexOf(nameOf(set, i)));
    }
    if (isUsable(shape)) {
      shapes.push(shape);
      used.push(id);
    }
  }
  if (used.length < ids.length && wrong.length === 0) {
    const poor = ids.filter((id) => !used.includes(id));
    notes.push(warning("too-few-points", `Fewer than two points in ${some(poor)}: left out`));
  }
  const units = new Set(used.map((id) => images.get(id)!.grid.crs));
  if (units.size > 1) {
    wrong.push(
      problem(
        "unit-differs",
        `Expected images of one unit, but found ${[...units].join(" and ")}`,
        "Give all images a pixel-size:, or none.",
      ),
    );
  }
  if (wrong.length === 0 && used.length < LEAST_IMAGES) {
    wrong.push(
      problem(
        "too-few-images",
        `Expected ${LEAST_IMAGES} annotated images at least, but found ${used.length}`,
        "Annotate more images: 20 to 40 are usual, and the learning curve tells whether more would help.",
      ),
    );
  }
  if (wrong.length > 0) return failed(...wrong.slice(0, 12));
  if (used.length < FEW_IMAGES) {
    notes.push(
      warning("few-images", `Only ${used.length} annotated images: look at the learning curve before you rely on them`),
    );
  }
  return ok({
    names,
    ids: used,
    ...measured(
      used.map((id) => images.get(id)!),
      shapes,
    ),
    shapes,
    notes,
  });
}

/** Mean shape, its size, and what keeps that size more constant: world units, or the frame of the image. */
function measured(images: readonly Image[], shapes: readonly Shape[]) {
  const mean = meanShape(shapes);
  const world = shapes.map((shape, i) => shape.map((v) => v * spacing(images[i]!.grid)));
  const share = shapes.map((shape, i) => {
    const { width, height } = images[i]!.grid;
    return shape.map((v) => v / Math.sqrt(width * width + height * height));
  });
  const radius = (of: readonly Shape[]) => poseSpread(mean, of).radius;
  const spreadOf = (of: readonly Shape[]) => {
    const logs = of.map((shape) => log(radius([shape])));
    const middle = logs.reduce((sum, v) => sum + v, 0) / logs.length;
    return logs.reduce((sum, v) => sum + (v - middle) ** 2, 0) / logs.length;
  };
  const basis: "world" | "share" =
    images[0]!.grid.crs === "px" && spreadOf(share) < 0.5 * spreadOf(world) ? "share" : "world";
  return { images, mean, size: { world: radius(world), share: radius(share) }, basis };
}

/** The mean shape in the world, at the average place, direction and size of the training shapes: what others can be warped to. */
export function meanPoints({ images, shapes, mean, names, size }: TrainingSet): PointSet {
  let [a, b, x, y] = [0, 0, 0, 0];
  shapes.forEach((shape, i) => {
    const pose = fitPose(mean, toWorld(images[i]!.grid, pixelPoints(shape)))!;
    a += pose.a / scaleOf(pose);
    b += pose.b / scaleOf(pose);
    x += pose.x / shapes.length;
    y += pose.y / shapes.length;
  });
  const length = Math.sqrt(a * a + b * b);
  // Shapes that stand in all directions have none on average.
  const [u, v] = length > 0.01 * shapes.length ? [a / length, b / length] : [1, 0];
  return { points: worldPoints(place({ a: size.world * u, b: size.world * v, x, y }, mean)), names };
}

const isThere = (set: PointSet, i: number): boolean =>
  Number.isFinite(set.points[2 * i]!) && Number.isFinite(set.points[2 * i + 1]!) && set.confidence?.[i] !== 0;

/** "a, b, c and 5 more". */
function some(ids: readonly string[]): string {
  return ids.length <= 4 ? ids.join(", ") : `${ids.slice(0, 3).join(", ")} and ${ids.length - 3} more`;
}
