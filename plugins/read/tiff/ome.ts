import { unescapeXml } from "./geo.js";
import { type StagePosition, stagePosition } from "./stage.js";

/** What an image description says of the planes of a file: OME-XML, or ImageJ's own lines. */
export interface Planes {
  /** Channel names, in order; one per channel, even where a channel has several samples. */
  readonly channels: readonly string[];
  /** Slices and times of each channel. */
  readonly depth: number;
  readonly times: number;
  /** Index in the file of a channel's plane; -1 when it lies in another file. */
  planeOf(channel: number, z: number, t: number): number;
  /** Side of a pixel in micrometres. */
  readonly pixel?: { readonly x: number; readonly y: number };
  readonly stage?: StagePosition;
  /** Channels that lie in other files. */
  readonly elsewhere?: number;
  /** ImageJ's large stacks: this many planes follow each other without directories of their own. */
  readonly contiguous?: number;
}

const micrometres: Readonly<Record<string, number>> = {
  pm: 1e-6,
  Å: 1e-4,
  nm: 1e-3,
  µm: 1,
  μm: 1,
  um: 1,
  micron: 1,
  mm: 1e3,
  cm: 1e4,
  inch: 25_400,
  m: 1e6,
};

/** More planes than any file of ours names; larger claims are left alone. */
const MAX_PLANES = 2 ** 20;

/**
 * Reads an image of an OME-XML description, by looking for the few attributes that matter: the first whose planes are said
 * to lie in this file, where the description is one of several files, else the first.
 *
 * @returns `undefined` when the text is no OME-XML, or names no sizes
 *
 * Source: https://docs.openmicroscopy.org/ome-model/6.3.1/ome-tiff/specification.html
 */
export function omePlanes(text: string): Planes | undefined {
  if (!/<(?:\w+:)?OME[\s>]/.test(text)) return undefined;
  const body = ownPixels(text);
  if (!body) return undefined;
  const pixels = attributesOf(body.attributes);
  const sizes = { C: size(pixels.get("SizeC")), Z: size(pixels.get("SizeZ")), T: size(pixels.get("SizeT")) };
  const order = pixels.get("DimensionOrder") ?? "XYZCT";
  if (!/^XY(?=.*Z)(?=.*C)(?=.*T)[ZCT]{3}$/.test(order) || sizes.C * sizes.Z * sizes.T > MAX_PLANES) return undefined;
  const channels: string[] = [];
  for (const [, attributes] of body.content.matchAll(/<(?:\w+:)?Channel\b([^>]*)>/g)) {
    if (channels.length === sizes.C) break;
    const channel = attributesOf(attributes!);
    channels.push(channel.get("Name") || `channel ${channels.length}`);
    // Samples of one channel (RGB) lie in one plane and count as channels in SizeC.
    sizes.C -= Math.max(1, size(channel.get("SamplesPerPixel"))) - 1;
  }
  sizes.C = Math.max(1, sizes.C);
  while (channels.length < sizes.C) channels.push(`channel ${channels.length}`);
  const x = physicalSize(pixels, "X");
  const y = physicalSize(pixels, "Y");
  const planeOf = planeIndex(text, body.content, order, sizes);
  const isHere = (c: number, z: number, t: number) =>
    c < sizes.C && z < sizes.Z && t < sizes.T && planeOf(c, z, t) >= 0;
  const from = Math.max(0, text.lastIndexOf("<Image ", body.index), text.lastIndexOf(":Image ", body.index));
  const image = text.slice(from, body.index);
  const stage = stagePosition(image, body.content, attributesOf, micrometres, isHere);
  const all = channels.slice(0, sizes.C).map((_, c) => c);
  const here = all.filter((c) => planeOf(c, 0, 0) >= 0);
  const kept = here.length > 0 ? here : all;
  return {
    channels: kept.map((c) => channels[c]!),
    depth: sizes.Z,
    times: sizes.T,
    planeOf: (channel, z, t) => planeOf(kept[channel]!, z, t),
    ...(x && y ? { pixel: { x, y } } : {}),
    ...(stage ? { stage } : {}),
    ...(kept.length < all.length ? { elsewhere: all.length - kept.length } : {}),
  };
}

interface PixelsElement {
  readonly index: number;
  readonly attributes: string;
  readonly content: string;
}

/** The element Pixels that is of this file, or else the first. */
function ownPixels(text: string): PixelsElement | undefined {
  const own = attributesOf(/<(?:\w+:)?OME\s([^>]{0,4000})>/.exec(text)?.[1] ?? "").get("UUID");
  const elements = /<(?:\w+:)?Pixels\b([^<>]{0,8000}?)(?:\/>|>([\s\S]*?)(?:<\/(?:\w+:)?Pixels>|$))/g;
  let first: PixelsElement | undefined;
  for (const { index, 1: attributes, 2: content } of text.matchAll(elements)) {
    const element = { index, attributes: attributes!, content: content ?? "" };
    if (own === undefined || element.content.includes(`>${own}<`)) return element;
    first ??= element;
  }
  return first;
}

const size = (text: string | undefined): number => (text && /^\d{1,6}$/.test(text) ? Math.max(1, Number(text)) : 1);

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map((m) => [m[1]!, unescapeXml(m[2] ?? m[3]!)]),
  );
}

function physicalSize(pixels: ReadonlyMap<string, string>, axis: "X" | "Y"): number | undefined {
  const value = Number(pixels.get(`PhysicalSize${axis}`));
  const unit = micrometres[pixels.get(`PhysicalSize${axis}Unit`) ?? "µm"];
  return value > 0 && Number.isFinite(value) && unit ? value * unit : undefined;
}

/** Directory number of each plane: from TiffData where it says so, else from the order of dimensions. */
function planeIndex(
  text: string,
  body: string,
  order: string,
  sizes: Readonly<Record<"Z" | "C" | "T", number>>,
): Planes["planeOf"] {
  const axes = [...order.slice(2)] as ("Z" | "C" | "T")[];
  const strideOf = (axis: string) => axes.slice(0, axes.indexOf(axis as "C")).reduce((n, a) => n * sizes[a], 1);
  const strides = { Z: strideOf("Z"), C: strideOf("C"), T: strideOf("T") };
  const places = Int32Array.from({ length: sizes.C * sizes.Z * sizes.T }, (_, i) => i);
  const own = attributesOf(/<(?:\w+:)?OME\s([^>]{0,4000})>/.exec(text)?.[1] ?? "").get("UUID");
  const entries = /<(?:\w+:)?TiffData\b([^>]{0,4000})>(?:\s*<(?:\w+:)?UUID\b[^>]{0,4000}>([^<]{0,4000})<)?/g;
  for (const [, attributes, uuid] of body.matchAll(entries)) {
    const data = attributesOf(attributes!);
    const number = (name: string) => (/^\d{1,7}$/.test(data.get(name) ?? "") ? Number(data.get(name)) : undefined);
    const elsewhere = own !== undefined && uuid !== undefined && uuid.trim() !== own;
    const ifd = number("IFD");
    if (ifd === undefined && !elsewhere) continue;
    const [c, z, t] = [number("FirstC") ?? 0, number("FirstZ") ?? 0, number("FirstT") ?? 0];
    if (c >= sizes.C || z >= sizes.Z || t >= sizes.T) continue;
    const first = c * strides.C + z * strides.Z + t * strides.T;
    const count = Math.min(number("PlaneCount") ?? 1, places.length - first);
    for (let k = 0; k < count; k++) places[first + k] = elsewhere ? -1 : ifd! + k;
  }
  return (c, z, t) => places[c * strides.C + z * strides.Z + t * strides.T]!;
}

/** Reads the micrometres per pixel of an Aperio slide: `Aperio Image Library … |AppMag = 20|…|MPP = 0.4990|…`. */
export function aperioPlanes(text: string): Planes | undefined {
  if (!text.startsWith("Aperio")) return undefined;
  const side = Number(/\|\s*MPP\s*=\s*(\d{1,6}(?:\.\d{1,12})?)/.exec(text)?.[1]);
  const one = { channels: [], depth: 1, times: 1, planeOf: () => 0 };
  return side > 0 ? { ...one, pixel: { x: side, y: side } } : one;
}

/**
 * Reads the lines that ImageJ leaves in an image description.
 *
 * @param perUnit  pixels per unit along x and y, from the resolution tags, which ImageJ keeps right
 */
export function imagejPlanes(text: string, perUnit: { readonly x: number; readonly y: number }): Planes | undefined {
  if (!text.startsWith("ImageJ=")) return undefined;
  const lines = new Map(text.split(/\r?\n/).map((line) => line.split(/=(.*)/s, 2) as [string, string]));
  const channels = size(lines.get("channels"));
  const images = size(lines.get("images"));
  const times = size(lines.get("frames"));
  // Plain stacks may give the number of images alone.
  const depth = lines.has("slices") ? size(lines.get("slices")) : Math.max(1, Math.floor(images / (channels * times)));
  const named =
    lines
      .get("unit")
      ?.replace(/\\u00B5/gi, "µ")
      .trim() ?? "";
  const unit = micrometres[named] ?? (named === "microns" ? 1 : undefined);
  const pixel = unit && { x: unit / perUnit.x, y: unit / perUnit.y };
  return {
    channels: channels === 1 ? [] : Array.from({ length: channels }, (_, c) => `channel ${c}`),
    depth,
    times,
    planeOf: (c, z, t) => c + channels * (z + depth * t), // the order is always x, y, c, z, t
    contiguous: images,
    ...(pixel && pixel.x > 0 && pixel.y > 0 && Number.isFinite(pixel.x + pixel.y) ? { pixel } : {}),
  };
}
