import { kernels } from "../../kernel/lane.js";
import type { Arena } from "../../kernel/memory.js";
import { type ComplexPlane, complexPlane, fft2, fftPlaneBytes, fftStride } from "../fft.js";
import type { Plane } from "../plane.js";
import { type Extent, extentOf } from "./extent.js";
import { freeFields, type StructureFields, structureFields } from "./fields.js";
import { shrinkPlane } from "./levels.js";

/** Weight of the field of four times the angle beside that of two times. */
const FOURFOLD = 0.7;

/** One side of a search: its fields at whatever sizes the scales ask for, each computed once. */
export class PoseSide {
  readonly #arena: Arena;
  readonly #channels: readonly Plane[];
  readonly #sizes = new Map<string, SizedSide | undefined>();
  readonly #visible: number;

  /**
   * @param visible  long side of what is to be seen, see `visibleSide`
   * @param side  the longest that it will be asked for at
   */
  constructor(arena: Arena, channels: readonly Plane[], visible: number, side: number) {
    this.#arena = arena;
    // All sizes come from one that is somewhat larger, not each from the whole.
    const { width, height } = channels[0]!;
    const ratio = Math.min(1, (2 * side) / visible);
    const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    this.#channels = ratio < 1 ? channels.map((plane) => shrinkPlane(arena, plane, w, h)) : channels;
    this.#visible = visible * Math.min(1, ratio);
  }

  /** Fields where what is to be seen has a long side of about `side` pixels; `undefined` where that is too little. */
  at(side: number): SizedSide | undefined {
    const { width, height } = this.#channels[0]!;
    const ratio = Math.min(1, side / this.#visible);
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    const key = `${w} ${h}`;
    if (!this.#sizes.has(key)) this.#sizes.set(key, w < 8 || h < 8 ? undefined : this.#make(w, h));
    return this.#sizes.get(key);
  }

  #make(width: number, height: number): SizedSide | undefined {
    const arena = this.#arena;
    const small = this.#channels.map((plane) => shrinkPlane(arena, plane, width, height));
    const fields = structureFields(arena, small);
    for (const plane of small) arena.free(plane.at);
    if (fields.validCount >= LEAST_VALID && fields.meanEnergy >= LEAST_ENERGY) return new SizedSide(arena, fields);
    freeFields(arena, fields);
    return undefined;
  }
}

/** Fewer valid pixels than this say nothing. */
const LEAST_VALID = 200;
/** Mean squared gradient, in levels of 256 per pixel, below which an image is blank. */
const LEAST_ENERGY = 1e-3;

/** Fields at one size, and what the kernels want of them. */
export class SizedSide {
  readonly #arena: Arena;
  readonly #spectra = new Map<string, FixedSpectra>();
  #moving: { readonly fields: number; readonly squares: number } | undefined;
  /** Where the fields are known. */
  readonly extent: Extent;

  constructor(
    arena: Arena,
    readonly fields: StructureFields,
  ) {
    this.#arena = arena;
    this.extent = extentOf({ ...fields, at: fields.valid }, 0.5);
  }

  /** Fields interleaved by pixel, and which squares of four pixels are valid: what `drawPose` draws from. */
  get moving(): { readonly fields: number; readonly squares: number } {
    if (this.#moving) return this.#moving;
    const k = kernels();
    const { width, height, stride, z2, z4, valid } = this.fields;
    const fields = this.#arena.bytes(16 * width * height);
    const squares = this.#arena.bytes(width * height);
    k.rows("interleaveFields", height, [z2.re, z2.im, z4.re, z4.im, stride, width, fields]);
    k.rows("validSquares", height, [valid, stride, width, height, squares]);
    this.#moving = { fields, squares };
    return this.#moving;
  }

  /** Spectra as `searchPoses` wants them, of nx by ny pixels from the extent's first on, and of cells of q by q. */
  spectra(nx: number, ny: number, q: number): FixedSpectra {
    const key = `${nx} ${ny}`;
    let known = this.#spectra.get(key);
    if (!known) this.#spectra.set(key, (known = this.#transform(nx, ny, q)));
    return known;
  }

  #transform(nx: number, ny: number, q: number): FixedSpectra {
    const k = kernels();
    const arena = this.#arena;
    const { stride, z2, z4, valid } = this.fields;
    const { width, height } = this.extent;
    const first = 4 * (this.extent.y * stride + this.extent.x);
    // The kernel doubles a correlation (see `correlateFields`), and the transforms multiply by their size.
    const gain = 1 / (2 * nx * ny * (1 + FOURFOLD));
    const planeBytes = fftPlaneBytes(nx, ny);
    const fields = arena.bytes(4 * planeBytes);
    [
      { z: z2, gain },
      { z: z4, gain: gain * FOURFOLD },
    ].forEach(({ z, gain }, i) => {
      const canvas = complexPlane(arena, nx, ny);
      for (const part of ["re", "im"] as const)
        k.rows("placeOnCanvas", ny, [z[part] + first, stride, width, height, gain, canvas[part], canvas.stride]);
      const spectrum = fft2(arena, canvas, nx, ny, width);
      moveSpectrum(arena, spectrum, fields + 2 * i * planeBytes, planeBytes, nx, ny);
      arena.free(canvas.re);
    });
    const [cx, cy] = [nx / q, ny / q];
    const cellBytes = fftPlaneBytes(cx, cy);
    const cells = arena.bytes(4 * cellBytes);
    const canvases = [complexPlane(arena, cx, cy), complexPlane(arena, cx, cy)] as const;
    const cellGain = 1 / (cx * cy * q * q);
    k.rows("cellsOnCanvas", cy, [
      ...[z2.re + first, z2.im + first, valid + first, stride, width, height, q, cellGain],
      ...[canvases[0].re, canvases[1].re, fftStride(cx)],
    ]);
    canvases.forEach((canvas, i) => {
      arena.f32(canvas.im, cellBytes / 4).fill(0);
      const spectrum = fft2(arena, canvas, cx, cy);
      moveSpectrum(arena, spectrum, cells + 2 * i * cellBytes, cellBytes, cx, cy);
      arena.free(canvas.re);
    });
    return { fields, planeBytes, cells, cellBytes };
  }
}

export interface FixedSpectra {
  /** Addresses of spectra, `planeBytes` and `cellBytes` apart. */
  readonly fields: number;
  readonly planeBytes: number;
  readonly cells: number;
  readonly cellBytes: number;
}

/** Moves a spectrum to its place, and closes its rows as the products want it. */
function moveSpectrum(arena: Arena, spectrum: ComplexPlane, to: number, bytes: number, nx: number, ny: number): void {
  [spectrum.re, spectrum.im].forEach((from, i) => {
    const at = to + i * bytes;
    arena.f32(at, bytes / 4).set(arena.f32(from, bytes / 4));
    kernels().call("closeRows", at, spectrum.stride, nx, ny);
  });
  arena.free(spectrum.re);
}
