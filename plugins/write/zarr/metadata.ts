import { type DType, type Grid, type Image, type Provenance, pixelSides, toldProvenance } from "tiepoint/plugin";
import { shapeOf, shardGrid, type ZarrPlan } from "./plan.js";

/** Least and greatest sample of each channel, for viewers. */
export interface Spans {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

const v2Types: Readonly<Record<DType, string>> = {
  uint8: "|u1",
  uint16: "<u2",
  int16: "<i2",
  uint32: "<u4",
  float32: "<f4",
};

/** JSON text of a file of metadata. */
export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const fillOf = ({ fill }: ZarrPlan): number | string => (Number.isNaN(fill) ? "NaN" : fill);

/** `.zarray` of a level (Zarr 2). */
export function arrayV2(plan: ZarrPlan, level: number): object {
  const shape = shapeOf(plan, plan.levels[level]!);
  const compressor =
    plan.compression === "none"
      ? null
      : plan.compression === "zstd"
        ? { id: "zstd", level: 1 }
        : { id: "gzip", level: 6 };
  return {
    zarr_format: 2,
    shape,
    chunks: shape.map((_, i) => chunkLength(plan, shape.length - i)),
    dtype: v2Types[plan.dtype],
    compressor,
    fill_value: fillOf(plan),
    order: "C",
    filters: null,
    dimension_separator: "/",
  };
}

/** Length of a chunk along an axis, counted from the last. */
const chunkLength = ({ chunkWidth, chunkHeight }: ZarrPlan, fromEnd: number): number =>
  fromEnd === 1 ? chunkWidth : fromEnd === 2 ? chunkHeight : 1;

/** `zarr.json` of a level (Zarr 3). Source: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html */
export function arrayV3(plan: ZarrPlan, level: number): object {
  const shape = shapeOf(plan, plan.levels[level]!);
  const chunks = shape.map((_, i) => chunkLength(plan, shape.length - i));
  const bytes = { name: "bytes", configuration: { endian: "little" } };
  const packing =
    plan.compression === "none"
      ? []
      : plan.compression === "zstd"
        ? [{ name: "zstd", configuration: { level: 1, checksum: false } }]
        : [{ name: "gzip", configuration: { level: 6 } }];
  const inner = [plan.dtype === "uint8" ? { name: "bytes" } : bytes, ...packing];
  const { across, down } = shardGrid(plan, plan.levels[level]!);
  const shards = [...chunks.slice(0, -2), down * plan.chunkHeight, across * plan.chunkWidth];
  const sharded = plan.perShard > 1;
  const sharding = {
    name: "sharding_indexed",
    configuration: {
      chunk_shape: chunks,
      codecs: inner,
      index_codecs: [bytes, { name: "crc32c" }],
      index_location: "end",
    },
  };
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: plan.dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: sharded ? shards : chunks } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: fillOf(plan),
    codecs: sharded ? [sharding] : inner,
    dimension_names: plan.axisNames,
    attributes: {},
  };
}

/**
 * Attributes of the group: levels with their scales and places, channels with names and spans, and where the image comes from.
 *
 * Places are of the first pixel's centre. Source: https://ngff.openmicroscopy.org/0.4/ and /0.5/
 */
export function groupAttributes(plan: ZarrPlan, image: Image, spans: Spans, provenance?: Provenance): object {
  const { axisNames, version } = plan;
  const { unit, scale, origin } = worldOf(image.grid);
  const leading = axisNames.length - 2;
  const multiscales = [
    {
      ...(version === "0.4" ? { version } : {}),
      name: "image",
      type: plan.halving.categorical ? "mode" : "mean",
      axes: axisNames.map((name) =>
        name === "c"
          ? { name, type: "channel" }
          : name === "t"
            ? { name, type: "time" }
            : { name, type: "space", ...(unit && name !== "z" ? { unit } : {}) },
      ),
      datasets: plan.levels.map((_, level) => {
        const factor = 2 ** level;
        const half = (factor - 1) / 2; // centre of the first pixel, in pixels of full resolution
        const place = [origin[1] + half * scale[1], origin[0] + half * scale[0]];
        return {
          path: String(level),
          coordinateTransformations: [
            { type: "scale", scale: [...Array(leading).fill(1), scale[1] * factor, scale[0] * factor] },
            ...(place.some((v) => v !== 0)
              ? [{ type: "translation", translation: [...Array(leading).fill(0), ...place] }]
              : []),
          ],
        };
      }),
    },
  ];
  const omero = image.meaning === "intensity" ? { omero: omeroOf(plan, image, spans) } : {};
  const told = provenance ? { tiepoint: toldProvenance(provenance) } : {};
  if (version === "0.4") return { multiscales, ...omero, ...told };
  return { ome: { version, multiscales, ...omero }, ...told };
}

/** Scale and place along x and y, where the format can hold them: upright axes that run as the pixels do. */
export function worldOf({ worldFromPixel: [a, b, c, d, e, f], ...grid }: Grid): {
  readonly unit?: string;
  readonly scale: readonly [x: number, y: number];
  readonly origin: readonly [x: number, y: number];
  /** The format holds the whole place. */
  readonly whole: boolean;
} {
  const isMap = grid.crs.startsWith("EPSG:");
  const upright = !isMap && b === 0 && d === 0 && a > 0 && e > 0;
  const unit = grid.crs === "um" ? { unit: "micrometer" } : {};
  if (upright) return { ...unit, scale: [a, e], origin: [c, f], whole: true };
  const sides = pixelSides({ ...grid, worldFromPixel: [a, b, c, d, e, f] });
  return isMap
    ? { scale: [1, 1], origin: [0, 0], whole: false }
    : { ...unit, scale: sides, origin: [0, 0], whole: false };
}

const COLOURS = ["0000FF", "00FF00", "FF0000", "00FFFF", "FF00FF", "FFFF00"];

function omeroOf({ stack, halving, dtype }: ZarrPlan, { bands }: Image, { low, high }: Spans): object {
  const names = stack ? ["slices"] : bands;
  const rgb = names.map((name) => ["red", "green", "blue"].indexOf(name.toLowerCase()));
  const isColour = rgb.length >= 3 && rgb.slice(0, 3).every((at, i) => at === i);
  const lowest = dtype === "int16" ? -32_768 : 0;
  return {
    channels: names.map((label, c) => {
      const start = isColour && dtype === "uint8" ? 0 : (low[c] ?? 0);
      const end = isColour && dtype === "uint8" ? 255 : Math.max(high[c] ?? 1, start + (halving.isFloat ? 1e-6 : 1));
      const span = halving.isFloat ? { min: start, max: end } : { min: lowest, max: halving.highest };
      const colour = isColour ? ["FF0000", "00FF00", "0000FF"][c] : names.length === 1 ? "FFFFFF" : undefined;
      return { label, color: colour ?? COLOURS[c % COLOURS.length], active: true, window: { ...span, start, end } };
    }),
    rdefs: { model: isColour || names.length > 1 ? "color" : "greyscale" },
  };
}
