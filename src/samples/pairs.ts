import type { Image } from "../core/image.js";
import type { Transform } from "../core/transform.js";
import { type Camera, labelPicture, picture } from "./camera.js";
import { cells } from "./cells.js";
import type { Scene } from "./scene.js";
import { terrain } from "./terrain.js";
import { tissue } from "./tissue.js";
import { aboutCentre, type Bend, reverseMap, type Truth, truthOf } from "./truth.js";

/** Two made-up images of the same place, and what is true of them. */
export interface SamplePair {
  readonly name: SampleName;
  readonly about: string;
  readonly fixed: Image;
  readonly moving: Image;
  /** Numbered objects as each image shows them; the numbers agree. */
  readonly labels?: { readonly fixed: Image; readonly moving: Image };
  readonly truth: Truth;
}

export const sampleNames = ["stains", "sections", "cells", "terrain"] as const;
export type SampleName = (typeof sampleNames)[number];

/** What may be chosen; each has a default of the sample's own. */
export interface SampleOptions {
  /** Width and height of both images, in pixels. */
  readonly size?: number;
  readonly seed?: number;
  /** Standard deviation of the noise of both images, as a share of the full range. */
  readonly noise?: number;
  /** Fixed to moving, in pixels; a linear transform. */
  readonly transform?: Transform;
  /** Bends the fixed image besides; `null` for none. */
  readonly bend?: Bend | null;
}

/**
 * Makes a pair.
 *
 * Both pictures are drawn from the same scene at exact positions, so that nothing is resampled and the truth is exact.
 * The fixed image shows the scene upright (but for the bend); the moving image shows what the transform says.
 */
export function samplePair(name: SampleName, options: SampleOptions = {}): SamplePair {
  const size = options.size ?? 1024;
  const seed = options.seed ?? 1;
  const choice = recipes[name](size, seed);
  const transform = options.transform ?? choice.transform;
  const bend = options.bend === undefined ? choice.bend : (options.bend ?? undefined);
  const truth = truthOf(transform, bend);
  const sceneFromMoving = reverseMap(transform);
  const noise = options.noise === undefined ? {} : { noise: options.noise };
  const movingCamera: Camera = {
    ...choice.movingCamera,
    ...noise,
    ...{ width: size, height: size, seed: seed * 2 + 2, sceneFromPixel: sceneFromMoving },
  };
  const fixedCamera: Camera = {
    ...choice.fixedCamera,
    ...noise,
    ...{ width: size, height: size, seed: seed * 2 + 1 },
    // Through the truth and back by the matrix: what is left is the bend.
    ...(bend
      ? {
          sceneFromPixel: (x, y, out) => {
            truth.movingFromFixed(x, y, out);
            sceneFromMoving(out[0]!, out[1]!, out);
          },
        }
      : {}),
  };
  const { fixedScene, movingScene } = choice;
  return {
    name,
    about: choice.about,
    fixed: picture(fixedScene, fixedCamera),
    moving: picture(movingScene, movingCamera),
    ...(fixedScene.label && movingScene.label
      ? { labels: { fixed: labelPicture(fixedScene, fixedCamera), moving: labelPicture(movingScene, movingCamera) } }
      : {}),
    truth,
  };
}

interface Choice {
  readonly about: string;
  readonly fixedScene: Scene;
  readonly movingScene: Scene;
  readonly fixedCamera: Omit<Camera, "width" | "height">;
  readonly movingCamera: Omit<Camera, "width" | "height">;
  readonly transform: Transform;
  readonly bend?: Bend;
}

const recipes: Readonly<Record<SampleName, (size: number, seed: number) => Choice>> = {
  stains(size, seed) {
    const { stained, fluorescence } = tissue({ width: size, height: size, seed });
    return {
      about:
        "The same tissue in fluorescence (fixed) and stained with haematoxylin and eosin (moving), turned and scaled.",
      fixedScene: fluorescence,
      movingScene: stained,
      fixedCamera: { noise: 0.02, shading: 0.2 },
      movingCamera: { noise: 0.012, shading: 0.06, gain: 0.98 },
      transform: aboutCentre(size, size, {
        ...{ turn: 0.09, scaleX: 1.05, scaleY: 1.035, shear: 0.012 },
        shift: [0.0137 * size, -0.0211 * size],
      }),
    };
  },
  sections(size, seed) {
    const { stained } = tissue({ width: size, height: size, seed });
    return {
      about: "Two scans of a stained section, the fixed one bent as sections are when they are mounted.",
      fixedScene: stained,
      movingScene: stained,
      fixedCamera: { noise: 0.015, shading: 0.08 },
      movingCamera: { noise: 0.02, shading: 0.12, tone: 0.35, gain: 0.94, offset: 0.02 },
      transform: aboutCentre(size, size, { turn: -0.035, scaleX: 0.985, shift: [-0.0173 * size, 0.0119 * size] }),
      bend: { amplitude: 0.008 * size, period: 0.28 * size, seed: seed + 71 },
    };
  },
  cells(size, seed) {
    const scene = cells({ width: size, height: size, seed });
    return {
      about: "Nuclei of cultured cells in two rounds of imaging, shifted by a part of a pixel and a little turned.",
      fixedScene: scene,
      movingScene: scene,
      fixedCamera: { noise: 0.02, shading: 0.15, dtype: "uint16" },
      movingCamera: { noise: 0.03, shading: 0.2, dtype: "uint16", gain: 0.7, offset: 0.02 },
      transform: aboutCentre(size, size, { turn: 0.004, shift: [0.0183 * size, -0.0127 * size] }),
    };
  },
  terrain(size, seed) {
    const tilt = 0.06 / size;
    const [a, b, c, d, e, f] = affineOf(
      aboutCentre(size, size, { turn: 0.05, scaleX: 0.97, shift: [0.021 * size, 0.014 * size] }),
    );
    return {
      about: "The same land from above in spring and in a dry summer of another year, seen in perspective.",
      fixedScene: terrain({ seed }, { year: 1, dryness: 0.2 }),
      movingScene: terrain({ seed }, { year: 2, dryness: 0.9 }),
      fixedCamera: { noise: 0.012, shading: 0.05 },
      movingCamera: { noise: 0.015, shading: 0.1, tone: -0.15 },
      transform: { type: "projective", matrix: [a, b, c, d, e, f, tilt, -0.7 * tilt, 1] },
    };
  },
};

function affineOf(transform: Transform): readonly [number, number, number, number, number, number] {
  if (transform.type !== "affine") throw new Error("Internal error: expected an affine transform");
  return transform.matrix;
}
