import type { Image } from "../core/image.js";
import { type PointSet, worldPoints } from "../core/points.js";
import { seededRandom } from "../math/random.js";
import { picture } from "./camera.js";
import { octaves, smoothStep } from "./noise.js";
import type { Scene } from "./scene.js";

/** A made-up insect wing under the microscope, with its landmarks. */
export interface WingSample {
  readonly image: Image;
  /** Twelve named landmarks: where veins meet each other or the margin. */
  readonly landmarks: PointSet;
}

export interface WingOptions {
  /** Width of the image in pixels; its height is three quarters of that. */
  readonly width?: number;
  readonly seed?: number;
  /** Standard deviation of the noise, as a share of the full range. */
  readonly noise?: number;
}

/** Landmarks of the mean wing: the hinge on the left, the tip on the right; the unit is the length of the wing. */
const landmarks = {
  hinge: [0.02, 0.0],
  "costal break": [0.27, -0.15],
  "vein 1 end": [0.66, -0.2],
  "vein 2 end": [0.9, -0.12],
  "vein 3 end": [1.0, 0.01],
  "vein 4 end": [0.96, 0.1],
  "vein 5 end": [0.63, 0.2],
  alula: [0.13, 0.14],
  "anterior crossvein front": [0.45, -0.03],
  "anterior crossvein back": [0.46, 0.025],
  "posterior crossvein front": [0.68, 0.055],
  "posterior crossvein back": [0.61, 0.12],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;
type Landmark = keyof typeof landmarks;
const names = Object.keys(landmarks) as Landmark[];

/** The margin, around from the hinge; its first five pieces are thick. */
const margin: readonly Landmark[] = [
  ...(["hinge", "costal break", "vein 1 end", "vein 2 end", "vein 3 end"] as const),
  ...(["vein 4 end", "vein 5 end", "alula"] as const),
];
/** Veins: through which landmarks they run, and how far they bend to the back between. */
const veins: readonly { readonly through: readonly Landmark[]; readonly bend: number }[] = [
  { through: ["hinge", "vein 1 end"], bend: -0.045 },
  { through: ["hinge", "vein 2 end"], bend: -0.05 },
  { through: ["hinge", "anterior crossvein front", "vein 3 end"], bend: -0.02 },
  { through: ["hinge", "anterior crossvein back", "posterior crossvein front", "vein 4 end"], bend: 0.015 },
  { through: ["hinge", "posterior crossvein back", "vein 5 end"], bend: 0.012 },
  { through: ["anterior crossvein front", "anterior crossvein back"], bend: 0 },
  { through: ["posterior crossvein front", "posterior crossvein back"], bend: 0 },
];

/**
 * Draws a wing: a margin, veins and crossveins on a pale membrane. Each seed is another animal: it differs in length,
 * breadth, where its veins run, how it lies on the slide, and how it is lit.
 */
export function wingSample({ width = 320, seed = 1, noise = 0.02 }: WingOptions = {}): WingSample {
  const height = Math.round(0.75 * width);
  const random = seededRandom(7919 * seed + 11);
  const vary = (by: number) => by * (random() + random() + random() - 1.5);
  const [length, breadth, lean] = [1 + vary(0.1), 1 + vary(0.1), vary(0.08)];
  const at = new Map<Landmark, readonly [number, number]>();
  for (const name of names) {
    const [x, y] = landmarks[name];
    at.set(name, [length * (x + vary(0.011) + lean * y), length * breadth * (y + vary(0.011))]);
  }
  // A turn by a rational angle, up to about 12 degrees: no sine of an engine's own.
  const t = vary(0.07);
  const scale = 0.8 * width;
  const [a, b] = [(scale * (1 - t * t)) / (1 + t * t), (scale * 2 * t) / (1 + t * t)];
  const [left, top] = [width * (0.09 + vary(0.03)), height * (0.5 + vary(0.06))];
  const place = ([x, y]: readonly [number, number]): readonly [number, number] => [
    a * x - b * y + left,
    b * x + a * y + top,
  ];
  const scene = wingScene(
    (name) => place(at.get(name)!),
    scale / 256,
    seed,
    (bend) => bend * scale * (1 + vary(0.3)),
  );
  const image = picture(scene, {
    ...{ width, height, noise, seed: seed + 5, shading: 0.1 + 0.1 * random() },
    ...{ gain: 0.85 + 0.15 * random(), offset: 0.05 * random() },
  });
  return { image, landmarks: { points: worldPoints(names.flatMap((name) => place(at.get(name)!))), names } };
}

/** A piece of a line, with half its thickness. */
interface Segment {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
  readonly thick: number;
}

function wingScene(
  place: (name: Landmark) => readonly [number, number],
  unit: number,
  seed: number,
  bendOf: (bend: number) => number,
): Scene {
  const outline = closedCurve(margin.map(place));
  const lines = shelved([
    ...segmentsOf(outline, (i) => (i < 5 * PIECES ? 2.2 : 1.2) * unit),
    ...veins.flatMap(({ through, bend }) => {
      const curve = through.slice(1).flatMap((name, i) => arc(place(through[i]!), place(name), bendOf(bend)));
      return segmentsOf(curve, () => 1.3 * unit);
    }),
  ]);
  const ground = octaves(seed + 3, 3);
  const hairs = octaves(seed + 4, 2, 0.7);
  return {
    bands: ["gray"],
    paint(x, y, out) {
      let light = 0.86 + 0.05 * ground(x / (90 * unit), y / (90 * unit));
      const inside = contains(outline, x, y);
      if (inside) light -= 0.1 + 0.04 * hairs(x / (2.5 * unit), y / (2.5 * unit));
      let dark = 0;
      for (const line of lines(x, y)) {
        const d = distance(line, x, y);
        if (d < line.thick + unit) dark = Math.max(dark, 1 - smoothStep(line.thick - unit, line.thick + unit, d));
      }
      out[0] = light - 0.45 * dark;
    },
  };
}

type Curve = readonly (readonly [number, number])[];
const PIECES = 10;

/** From p to q, its middle moved across by `bend`; without p where another piece ends there. */
function arc(p: readonly [number, number], q: readonly [number, number], bend: number): Curve {
  const [dx, dy] = [q[0] - p[0], q[1] - p[1]];
  const long = Math.sqrt(dx * dx + dy * dy);
  return Array.from({ length: PIECES + 1 }, (_, i) => {
    const s = i / PIECES;
    const off = (4 * s * (1 - s) * bend) / long;
    return [p[0] + s * dx - off * dy, p[1] + s * dy + off * dx] as const;
  });
}

/** A closed curve through all points: Catmull and Rom's spline. */
function closedCurve(points: Curve): Curve {
  const n = points.length;
  return points.flatMap((p1, k) => {
    const [p0, p2, p3] = [points[(k + n - 1) % n]!, points[(k + 1) % n]!, points[(k + 2) % n]!];
    return Array.from({ length: PIECES }, (_, i) => {
      const s = i / PIECES;
      const along = (d: 0 | 1) =>
        0.5 *
        (2 * p1[d] +
          s *
            (p2[d] -
              p0[d] +
              s * (2 * p0[d] - 5 * p1[d] + 4 * p2[d] - p3[d] + s * (3 * (p1[d] - p2[d]) + p3[d] - p0[d]))));
      return [along(0), along(1)] as const;
    });
  });
}

function segmentsOf(curve: Curve, thick: (i: number) => number): Segment[] {
  const isClosed = curve.length > 8 * PIECES - 1;
  return curve.slice(isClosed ? 0 : 1).map((_, i) => {
    const [x, y] = curve[i]!;
    const [u, v] = curve[(i + 1) % curve.length]!;
    return { x, y, dx: u - x, dy: v - y, thick: thick(i) };
  });
}

const SHELF = 8;

/** The segments that may come near a position, by squares of eight pixels. */
function shelved(segments: readonly Segment[]): (x: number, y: number) => readonly Segment[] {
  const shelves = new Map<number, Segment[]>();
  const shelf = (x: number, y: number) => Math.floor(y / SHELF) * 4096 + Math.floor(x / SHELF);
  for (const segment of segments) {
    const { x, y, dx, dy, thick } = segment;
    const room = 3 * thick + SHELF;
    for (let v = Math.min(y, y + dy) - room; v <= Math.max(y, y + dy) + room; v += SHELF) {
      for (let u = Math.min(x, x + dx) - room; u <= Math.max(x, x + dx) + room; u += SHELF) {
        const own = shelves.get(shelf(u, v));
        if (own) own.push(segment);
        else shelves.set(shelf(u, v), [segment]);
      }
    }
  }
  return (x, y) => shelves.get(shelf(x, y)) ?? [];
}

function distance({ x, y, dx, dy }: Segment, px: number, py: number): number {
  const square = dx * dx + dy * dy;
  const s = square > 0 ? Math.min(1, Math.max(0, ((px - x) * dx + (py - y) * dy) / square)) : 0;
  const [u, v] = [px - x - s * dx, py - y - s * dy];
  return Math.sqrt(u * u + v * v);
}

/** Whether a ray to the right crosses the curve an odd number of times. */
function contains(curve: Curve, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = curve.length - 1; i < curve.length; j = i++) {
    const [ax, ay] = curve[i]!;
    const [bx, by] = curve[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
