import { type Kernels, kernels } from "../../kernel/lane.js";
import { pow } from "../elementary.js";
import { type Keypoints, pickKeypoints, strongest } from "./keypoints.js";
import { type Band, eachBand, type GrayImage, grayRows, SCALES, SIGMA } from "./scale-space.js";
import { clearOf } from "./support.js";

/** SIFT keypoints know whether the image was enlarged first: their octaves count from there. */
export interface SiftKeypoints extends Keypoints {
  readonly upsampled: boolean;
}

export interface SiftOptions {
  /** Keep the strongest of all. Default: no limit. */
  readonly maxKeypoints?: number;
  /** Least contrast, as in OpenCV: a share of the range 0..1 that is divided over the 3 scales of an octave. Default 0.04. */
  readonly contrastThreshold?: number;
  /** Largest ratio of the principal curvatures; drops points on edges. Default 10. */
  readonly edgeThreshold?: number;
  /**
   * Look at twice the size first, which finds the smallest blobs (about 3 of 4 keypoints). `auto` does so up to 4 megapixels:
   * beyond, there are keypoints enough, and time and memory would be fourfold. Default `auto`.
   */
  readonly upsample?: boolean | "auto";
  /** From 0 (even cover) to 1 (strongest wherever they are, the default): see `strongest`. */
  readonly spread?: number;
  /** One byte per pixel (width * height): 0 where there is no observation. Keypoints whose support touches that are dropped. */
  readonly mask?: Uint8Array;
  /** Look for nothing larger than this octave has (see `Band`). */
  readonly lastOctave?: number;
  /**
   * Let octaves overlap by a level, so that no extremum is lost where refinement leads from one octave to the next; about one
   * in ten is. What lies between may then be found twice.
   */
  readonly overlap?: boolean;
  /** Rows per band, for tests: changes no byte. */
  readonly bandRows?: number;
}

/** Pixels up to which an image is enlarged first, by default. */
export const UPSAMPLE_LIMIT = 4e6;
/** Rows beyond a band that the refinement of an extremum reads. */
const DETECT_HALO = 6;
const RECORD_BYTES = 32;
/** Support of a keypoint in its scale: the part of the descriptor's window that weighs most. */
const SUPPORT = 6;

/**
 * Finds SIFT keypoints: extrema of differences of Gaussians, refined to a fraction of a pixel and of a scale [1].
 *
 * Memory: besides the image, about 40 MB of row bands and a quarter of the image; no octave is held whole.
 *
 * @param gray  nominal range 0..1; NaN makes its surroundings empty
 * @returns the strongest first; of equals, in the order of octaves and rows
 *
 * [1] D. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 60 (2004), doi:10.1023/B:VISI.0000029664.99615.94
 */
export function detectSift(gray: GrayImage, options: SiftOptions = {}): SiftKeypoints {
  const { width, height } = gray;
  const auto = options.upsample === undefined || options.upsample === "auto";
  const upsampled = auto ? width * height <= UPSAMPLE_LIMIT : options.upsample === true;
  const contrast = (options.contrastThreshold ?? 0.04) / SCALES;
  const edge = options.edgeThreshold ?? 10;
  const scales = options.overlap ? SCALES + 1 : SCALES;
  const found = { x: [], y: [], scale: [], response: [], octave: [], level: [] } as Record<string, number[]>;
  using arena = kernels().arena();
  const space = {
    upsample: upsampled,
    levels: scales + 3,
    halo: DETECT_HALO,
    ...(options.bandRows === undefined ? {} : { bandRows: options.bandRows }),
    ...(options.lastOctave === undefined ? {} : { lastOctave: options.lastOctave }),
  };
  eachBand(arena, gray, grayRows(arena, gray), space, (band) =>
    extrema(kernels(), band, scales, contrast, edge, found),
  );
  const all = {
    count: found.x!.length,
    x: Float64Array.from(found.x!),
    y: Float64Array.from(found.y!),
    scale: Float64Array.from(found.scale!),
    response: Float32Array.from(found.response!),
    octave: Int8Array.from(found.octave!),
    level: Int8Array.from(found.level!),
  };
  const candidates = options.mask ? observed(all, options.mask, width, height) : all;
  const limit = options.maxKeypoints ?? Number.POSITIVE_INFINITY;
  const order = strongest(candidates, limit, gray, options.spread ?? 1);
  return { ...pickKeypoints(candidates, order), upsampled };
}

function extrema(
  k: Kernels,
  band: Band,
  scales: number,
  contrast: number,
  edge: number,
  found: Record<string, number[]>,
): void {
  using arena = k.arena();
  const rows = band.hi - band.lo;
  const capacity = Math.max(8, band.width >> 2);
  const counts = arena.bytes(4 * rows);
  const out = arena.bytes(RECORD_BYTES * capacity * rows);
  const ring = k.scratch(arena, 4 * 3 * (scales + 2) * (band.stride + 16));
  const { levels, lo, width, height, stride, step } = band;
  const args = [levels, scales, lo, width, height, stride, contrast, edge, SIGMA, ring, counts, out, capacity];
  k.rows("siftExtrema", rows, args, Math.max(8, Math.ceil(32768 / width)));
  const count = arena.i32(counts, rows);
  const f64 = arena.f64(out, (RECORD_BYTES / 8) * capacity * rows);
  const f32 = arena.f32(out, (RECORD_BYTES / 4) * capacity * rows);
  const i32 = arena.i32(out, (RECORD_BYTES / 4) * capacity * rows);
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < count[row]!; n++) {
      const at = (row * capacity + n) * 4;
      found.x!.push(f64[at]! * step);
      found.y!.push(f64[at + 1]! * step);
      // The kernel takes its levels for an octave; with one more of them that is a power too little.
      const scale = scales === SCALES ? f64[at + 2]! : SIGMA * pow(f64[at + 2]! / SIGMA, scales / SCALES);
      found.scale!.push(scale * step);
      found.response!.push(f32[2 * at + 6]!);
      found.level!.push(i32[2 * at + 7]!);
      found.octave!.push(band.octave);
    }
  }
}

/** Drops what lies on unobserved pixels. */
function observed(k: Keypoints, mask: Uint8Array, width: number, height: number): Keypoints {
  const clear = clearOf(mask, width, height);
  const kept: number[] = [];
  for (let i = 0; i < k.count; i++) if (clear(k.x[i]!, k.y[i]!, SUPPORT * k.scale[i]!)) kept.push(i);
  return pickKeypoints(k, kept);
}
