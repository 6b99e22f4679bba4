import { type Grid, pixelGrid, type Window, wholeWindow } from "../core/grid.js";
import { type DType, type Image, type PixelData, pixelArray, rangeOf } from "../core/image.js";
import { grain } from "./noise.js";
import type { Scene } from "./scene.js";

/** A map of positions, from (x, y) into `out`. */
export type PositionMap = (x: number, y: number, out: Float64Array) => void;

/** How a scene is taken: from where, and with which faults of optics and sensor. */
export interface Camera {
  readonly width: number;
  readonly height: number;
  /** The scene position that a pixel position shows; the identity when absent. */
  readonly sceneFromPixel?: PositionMap;
  readonly dtype?: DType;
  /** Place in the world; pixels when absent. */
  readonly grid?: Grid;
  /** Standard deviation of the noise, as a share of the full range. */
  readonly noise?: number;
  /** Loss of light towards the corners, 0 to 1. */
  readonly shading?: number;
  /** Bends the tone curve: 0 leaves it, above 0 lightens the middle tones, down to -0.9 darkens them. */
  readonly tone?: number;
  /** Multiplies, then adds, on the scale 0 to 1. */
  readonly gain?: number;
  readonly offset?: number;
  readonly seed?: number;
}

/** The picture of a scene: drawn window by window when read, so that it may be larger than memory. */
export function picture(scene: Scene, camera: Camera): Image {
  const grid = camera.grid ?? pixelGrid(camera.width, camera.height);
  const dtype = camera.dtype ?? "uint8";
  return drawn(grid, dtype, scene.bands, "intensity", exposure(scene, camera, dtype));
}

/** The objects of a scene, as the same camera sees them: 0 is background, others count from 1. Never any noise. */
export function labelPicture(scene: Scene, camera: Camera): Image {
  const label = scene.label;
  if (!label) throw new Error("Internal error: a scene without objects has no labels");
  const grid = camera.grid ?? pixelGrid(camera.width, camera.height);
  const map = camera.sceneFromPixel;
  return drawn(grid, "uint16", ["labels"], "labels", () => {
    const at = new Float64Array(2);
    return (x, y, out) => {
      at[0] = x;
      at[1] = y;
      map?.(x, y, at);
      out[0] = label(at[0], at[1]);
    };
  });
}

type Pixel = (x: number, y: number, out: Float64Array) => void;

function exposure(scene: Scene, camera: Camera, dtype: DType): () => Pixel {
  const { noise = 0, shading = 0, tone = 0, gain = 1, offset = 0, seed = 1, sceneFromPixel } = camera;
  const [, top] = rangeOf(dtype);
  const full = Number.isFinite(top) ? top : 1;
  // The light falls off around a point that is not quite the middle, as it does.
  const cx = camera.width * 0.46;
  const cy = camera.height * 0.55;
  const reach = 1 / (cx * cx + cy * cy);
  return () => {
    const at = new Float64Array(2);
    return (x, y, out) => {
      at[0] = x;
      at[1] = y;
      sceneFromPixel?.(x, y, at);
      scene.paint(at[0], at[1], out);
      const light = 1 - shading * ((x - cx) * (x - cx) + (y - cy) * (y - cy)) * reach;
      for (let b = 0; b < out.length; b++) {
        let v = out[b]! * light;
        v = (v * (1 + tone)) / (1 + tone * v);
        v = v * gain + offset;
        if (noise > 0) v += noise * grain(x, y, seed + 7919 * b);
        out[b] = full * v;
      }
    };
  };
}

function drawn(
  grid: Grid,
  dtype: DType,
  bands: readonly string[],
  meaning: Image["meaning"],
  open: () => Pixel,
): Image {
  return {
    grid,
    dtype,
    bands,
    meaning,
    tile: { width: grid.width, height: Math.min(grid.height, 64) },
    async read(window, { bands: chosen, into, signal } = {}) {
      checkInside(window, grid);
      const wanted = chosen ?? bands.map((_, b) => b);
      const plane = window.width * window.height;
      const data = into ?? pixelArray(dtype, wanted.length * plane);
      const pixel = open();
      const values = new Float64Array(bands.length);
      const [low, high] = rangeOf(dtype);
      for (let y = 0; y < window.height; y++) {
        signal?.throwIfAborted();
        for (let x = 0; x < window.width; x++) {
          pixel(window.x + x, window.y + y, values);
          for (let k = 0; k < wanted.length; k++) {
            const v = values[wanted[k]!]!;
            store(data, k * plane + y * window.width + x, dtype === "float32" ? v : Math.round(v), low, high);
          }
        }
      }
      return { data, width: window.width, height: window.height, bands: wanted.length };
    },
  };
}

const store = (data: PixelData, i: number, v: number, low: number, high: number): void => {
  data[i] = v < low ? low : Math.min(v, high);
};

function checkInside(window: Window, grid: Grid): void {
  const whole = wholeWindow(grid);
  const inside =
    window.x >= 0 &&
    window.y >= 0 &&
    window.x + window.width <= whole.width &&
    window.y + window.height <= whole.height;
  if (!inside) throw new Error("Internal error: a window outside of the image");
}
