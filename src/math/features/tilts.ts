import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { atan2, cos, sin } from "../elementary.js";
import { gaussianWeights } from "../gaussian.js";
import type { FeatureImage } from "./feature-image.js";
import { type Features, joinFeatures, pickFeatures } from "./keypoints.js";
import { grayRows, rowStride } from "./scale-space.js";

/** How strongly slanted the simulated views are. */
export type Tilts = "none" | "moderate" | "strong";

/** A camera that looks at a plane from aside sees one direction of it `tilt` times as short. */
export interface Tilt {
  readonly tilt: number;
  /** Direction that is shortened, radians from +x towards +y. */
  readonly angle: number;
}

/**
 * The slanted views of each setting, besides the image itself. Two images are both simulated, so that tilts multiply:
 * `moderate` reaches about 4 between them, `strong` about 12 [1].
 *
 * [1] J.-M. Morel, G. Yu, "ASIFT: a new framework for fully affine invariant image comparison", SIAM J. Imaging Sciences 2
 *     (2009), doi:10.1137/080732730
 */
export function simulatedTilts(tilts: Tilts): readonly Tilt[] {
  const around = (tilt: number, count: number): Tilt[] =>
    Array.from({ length: count }, (_, k) => ({ tilt, angle: (k * Math.PI) / count }));
  switch (tilts) {
    case "none":
      return [];
    case "moderate":
      return around(2, 4);
    case "strong":
      return [...around(2, 4), ...around(4, 8)];
  }
}

/** Blur before shortening, in pixels per square root of (tilt² - 1): what keeps a view from aliasing [1, section 2.4]. */
const ANTI_ALIAS = 0.8;
/** Views with a side below this show nothing that could be described. */
const LEAST_SIDE = 24;
/** A view may always have this many features, however few the image itself has. */
const LEAST_FEATURES = 50;

/**
 * Features of an image and of its slanted views, each set in pixels of the image. A view has its share of features: as
 * many per area as the image.
 *
 * @param featuresOf  detects and describes
 * @returns the image's own features first
 */
export async function featuresOfViews(
  image: FeatureImage,
  tilts: Tilts,
  featuresOf: (image: FeatureImage) => Features,
  signal: AbortSignal,
): Promise<readonly Features[]> {
  const own = featuresOf(image);
  const all = [own];
  for (const tilt of simulatedTilts(tilts)) {
    await new Promise(setImmediate); // lets a signal arrive between the views
    signal.throwIfAborted();
    using arena = kernels().arena();
    const view = tiltedView(arena, image, tilt);
    if (Math.min(view.image.gray.width, view.image.gray.height) < LEAST_SIDE) continue;
    const found = featuresOf(view.image);
    const most = Math.max(LEAST_FEATURES, Math.ceil(own.count / tilt.tilt));
    const kept =
      found.count > most
        ? pickFeatures(
            found,
            Uint32Array.from({ length: most }, (_, i) => i),
          )
        : found;
    all.push(inImage(kept, view, tilt));
  }
  return all;
}

interface View {
  readonly image: FeatureImage;
  /** View pixel (x, y) shows (x + x0, y + y0), stretched by the tilt. */
  readonly x0: number;
  readonly y0: number;
}

/**
 * The image as a camera sees it that looks from aside. Its mask tells which of its pixels show the image; its grid is the
 * image's own, since no grid is slanted.
 */
export function tiltedView(arena: Arena, image: FeatureImage, { tilt, angle }: Tilt): View {
  const { gray, mask, grid } = image;
  const { width, height } = gray;
  const [dx, dy] = [cos(angle), sin(angle)];
  const less = 1 - 1 / tilt;
  const xs: number[] = [];
  const ys: number[] = [];
  for (const x of [0, width - 1]) {
    for (const y of [0, height - 1]) {
      const along = less * (dx * x + dy * y);
      xs.push(x - along * dx);
      ys.push(y - along * dy);
    }
  }
  const [x0, y0] = [Math.min(...xs), Math.min(...ys)];
  const viewWidth = Math.floor(Math.max(...xs) - x0 + 1e-6) + 1;
  const viewHeight = Math.floor(Math.max(...ys) - y0 + 1e-6) + 1;
  const stride = rowStride(viewWidth);
  const pixels = arena.bytes(4 * stride * viewHeight);
  const shown = arena.bytes(viewWidth * viewHeight);
  using inner = kernels().arena();
  const source = grayRows(inner, gray);
  const weights = gaussianWeights(ANTI_ALIAS * Math.sqrt(tilt * tilt - 1));
  const args = [
    ...[source.address, source.stride, width, height, mask ? inner.put(mask) : 0],
    ...[pixels, stride, viewWidth, shown, x0, y0, dx, dy, tilt, inner.put(weights), weights.length - 1, 0.5],
  ];
  kernels().rows("tiltRows", viewHeight, args, 16);
  const seen = arena.u8(shown, viewWidth * viewHeight).slice();
  arena.free(shown);
  const view = { gray: { width: viewWidth, height: viewHeight, stride, pixels }, grid };
  return { image: seen.includes(0) ? { ...view, mask: seen } : view, x0, y0 };
}

/** Features of a view as features of the image. */
function inImage(features: Features, { x0, y0 }: View, { tilt, angle }: Tilt): Features {
  const [dx, dy] = [cos(angle), sin(angle)];
  const stretched = (u: number, v: number): readonly [number, number] => {
    const along = (tilt - 1) * (dx * u + dy * v);
    return [u + along * dx, v + along * dy];
  };
  const x = new Float64Array(features.count);
  const y = new Float64Array(features.count);
  const turned = new Float32Array(features.count);
  for (let i = 0; i < features.count; i++) {
    [x[i], y[i]] = stretched(features.x[i]! + x0, features.y[i]! + y0);
    const [u, v] = stretched(cos(features.angle[i]!), sin(features.angle[i]!));
    const a = atan2(v, u);
    turned[i] = a < 0 ? a + 2 * Math.PI : a;
  }
  // A circle of the view is an ellipse in the image; its size is that of a circle of the same area.
  const scale = features.scale.map((s) => s * Math.sqrt(tilt));
  return { ...features, x, y, scale, angle: turned };
}

/** Features of all views as one set. */
export const joinViews = (views: readonly Features[]): Features =>
  views.length === 1 ? views[0]! : joinFeatures(views);

/**
 * Whether it pays to look again with simulated tilts: some evidence, but too little to be sure of. What chance explains
 * wholly gains nothing from more views, and what is sure needs none.
 */
export const worthTilting = (log10Nfa: number): boolean => log10Nfa > -15 && log10Nfa < -3;
