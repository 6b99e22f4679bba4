import { type Grid, pixelGrid } from "../../src/core/grid.js";
import { type Image, pixelArray } from "../../src/core/image.js";
import { seededRandom } from "../../src/math/random.js";
import { memoryImage } from "./image.js";

/** A picture that is known at every real coordinate, so that a warped view of it is exact: no resampling, no truth lost. */
export interface Scene {
  /** Brightness, about 0 to 255, at scene position (x, y); defined on the whole plane. */
  at(x: number, y: number): number;
}

interface Shape {
  readonly kind: "blob" | "disc" | "box";
  readonly x: number;
  readonly y: number;
  readonly cos: number;
  readonly sin: number;
  /** Half axes. */
  readonly a: number;
  readonly b: number;
  readonly amplitude: number;
  /** Width of the edge of discs and boxes. */
  readonly soft: number;
}

const LAYERS = [
  { cell: 11, shapes: 1, size: [1.6, 3.2], amplitude: 55 },
  { cell: 28, shapes: 2, size: [3, 8], amplitude: 70 },
  { cell: 90, shapes: 2, size: [12, 26], amplitude: 60 },
] as const;

/** Random blobs (smooth), discs and boxes (edges about two pixels wide) in three sizes; the same seed gives the same scene. */
export function texturedScene(seed: number): Scene {
  const layers = LAYERS.map((layer, l) => ({
    ...layer,
    cells: new Map<number, readonly Shape[]>(),
    salt: seed * 31 + l,
  }));
  return {
    at(x, y) {
      let sum = 128;
      for (const layer of layers) {
        const cx = Math.floor(x / layer.cell);
        const cy = Math.floor(y / layer.cell);
        for (let j = cy - 1; j <= cy + 1; j++) {
          for (let i = cx - 1; i <= cx + 1; i++) {
            const key = i * 1048576 + j;
            let shapes = layer.cells.get(key);
            if (!shapes) layer.cells.set(key, (shapes = shapesOf(layer, i, j)));
            for (const shape of shapes) sum += brightness(shape, x, y);
          }
        }
      }
      return Math.min(255, Math.max(0, sum));
    },
  };
}

function shapesOf(layer: (typeof LAYERS)[number] & { readonly salt: number }, i: number, j: number): readonly Shape[] {
  const random = seededRandom(Math.imul(i, 73856093) ^ Math.imul(j, 19349663) ^ Math.imul(layer.salt, 83492791));
  random();
  const shapes: Shape[] = [];
  for (let n = 0; n < layer.shapes; n++) {
    const angle = random() * 2 * Math.PI;
    const [small, large] = layer.size;
    const a = small + (large - small) * random();
    shapes.push({
      kind: (["blob", "disc", "box"] as const)[Math.floor(random() * 3)]!,
      x: (i + random()) * layer.cell,
      y: (j + random()) * layer.cell,
      cos: Math.cos(angle),
      sin: Math.sin(angle),
      a,
      b: a * (0.5 + 0.5 * random()),
      amplitude: (random() < 0.5 ? -1 : 1) * layer.amplitude * (0.35 + 0.65 * random()),
      soft: 1.2,
    });
  }
  return shapes;
}

/** A shape never reaches further than one cell from its own, so nine cells hold all that matter at a point. */
function brightness(s: Shape, x: number, y: number): number {
  const dx = x - s.x;
  const dy = y - s.y;
  const u = s.cos * dx + s.sin * dy;
  const v = s.cos * dy - s.sin * dx;
  const reach = 3.4 * s.a;
  if (u * u + v * v > reach * reach) return 0;
  if (s.kind === "blob") return s.amplitude * Math.exp(-0.5 * ((u * u) / (s.a * s.a) + (v * v) / (s.b * s.b)));
  const inside =
    s.kind === "disc"
      ? s.a * (1 - Math.sqrt((u * u) / (s.a * s.a) + (v * v) / (s.b * s.b)))
      : Math.min(s.a - Math.abs(u), s.b - Math.abs(v));
  return s.amplitude / (1 + Math.exp(-inside / (0.5 * s.soft)));
}

export interface View {
  readonly width: number;
  readonly height: number;
  /** Row-major 3 by 3 matrix from pixels of the view to the scene; identity when absent. */
  readonly sceneFromPixel?: readonly number[];
  /** Standard deviation of Gaussian noise, and its seed. */
  readonly noise?: number;
  readonly seed?: number;
}

/** What a camera sees of the scene: one value per pixel centre. */
export function viewOf(scene: Scene, view: View): Float32Array {
  const h = view.sceneFromPixel ?? [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const random = seededRandom(view.seed ?? 1);
  const out = new Float32Array(view.width * view.height);
  for (let y = 0, i = 0; y < view.height; y++) {
    for (let x = 0; x < view.width; x++, i++) {
      const [u, v] = project(h, x, y);
      let value = scene.at(u, v);
      if (view.noise) {
        const r = Math.sqrt(-2 * Math.log(1 - random()));
        value += view.noise * r * Math.cos(2 * Math.PI * random());
      }
      out[i] = value;
    }
  }
  return out;
}

/** A view as an image of 8 or 16 bits or float32; 16 bits use the whole range. */
export function viewImage(
  scene: Scene,
  view: View & { readonly dtype?: "uint8" | "uint16" | "float32"; readonly grid?: Grid; readonly nodata?: number },
): Image {
  const values = viewOf(scene, view);
  const dtype = view.dtype ?? "uint8";
  const grid = view.grid ?? pixelGrid(view.width, view.height);
  const options = view.nodata === undefined ? {} : { nodata: view.nodata };
  if (dtype === "float32") return memoryImage(values, grid, options);
  const factor = dtype === "uint16" ? 257 : 1;
  const samples = pixelArray(dtype, values.length);
  for (let i = 0; i < values.length; i++)
    samples[i] = Math.min(255 * factor, Math.max(0, Math.round(values[i]! * factor)));
  return memoryImage(samples, grid, options);
}

/** A point through a row-major 3 by 3 matrix. */
export function project(h: readonly number[], x: number, y: number): readonly [number, number] {
  const w = h[6]! * x + h[7]! * y + h[8]!;
  return [(h[0]! * x + h[1]! * y + h[2]!) / w, (h[3]! * x + h[4]! * y + h[5]!) / w];
}
