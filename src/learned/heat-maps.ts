import { failed, ok, problem, type Result } from "../core/diagnostic.js";
import { toWorld } from "../core/grid.js";
import type { Image } from "../core/image.js";
import { type PointSet, pixelPoints } from "../core/points.js";
import { exp } from "../math/elementary.js";
import { imageInput, imageTensor, type TensorOptions } from "./image-tensor.js";
import { conventionProblem, type Network, type Tensor } from "./network.js";

export interface HeatMapOptions extends TensorOptions {
  /** What the maps show, in their order. */
  readonly names: readonly string[];
  /** Name of the output with one map per point; the only one, or the first that has as many maps as there are names. */
  readonly heatMaps?: string | undefined;
  /** Name of the output with two maps per point (x, y), how far the point lies from its cell's centre; none when absent. */
  readonly offsets?: string | undefined;
  /** Pixels of what the network sees per unit of the offsets. */
  readonly offsetScale: number;
  /** What makes a value of a map a confidence: `sigmoid` for networks that give logits. */
  readonly activation: "none" | "sigmoid";
}

/** Maps by channel, whichever way the output has them. */
interface Maps {
  readonly width: number;
  readonly height: number;
  at(channel: number, x: number, y: number): number;
}

/**
 * Points of one image by a network that gives a heat map per point, as DeepLabCut's and U-Nets do: the highest place of each
 * map, to a part of a cell by the map's neighbours, or by the network's own offsets.
 *
 * @returns named points with confidence, world coordinates; `network-convention` when the model is no such network
 */
export async function heatMapPoints(
  network: Network,
  image: Image,
  options: HeatMapOptions,
  signal: AbortSignal,
): Promise<Result<PointSet>> {
  const { names } = options;
  const count = names.length;
  const expected = `a network of one image: a float32 input of four dimensions with 1 or 3 channels, and an output of four dimensions with a heat map for each of the ${count} names`;
  const hint = "List the points in names, in the order of the maps, and name the output with heat-maps.";
  const [port] = network.inputs;
  const input = port && imageInput(port);
  const outputs = new Set(network.outputs.map((o) => o.name));
  const declared = [options.heatMaps, options.offsets].filter((name) => name !== undefined);
  if (network.inputs.length !== 1 || !input || !declared.every((name) => outputs.has(name)))
    return conventionProblem(expected, network, hint);
  const seen = await imageTensor(image, input, options, signal);
  signal.throwIfAborted();
  const ran = await network.run({ [port.name]: seen.tensor });
  if (!ran.ok) return ran;
  const fits = (name: string) => mapsOf(ran.value[name], count);
  const from = options.heatMaps ?? network.outputs.map((o) => o.name).find((name) => fits(name) !== undefined);
  const maps = from === undefined ? undefined : fits(from);
  if (!maps) return conventionProblem(expected, network, hint);
  const offsets = options.offsets === undefined ? undefined : mapsOf(ran.value[options.offsets], 2 * count);
  if (options.offsets !== undefined && (offsets?.width !== maps.width || offsets.height !== maps.height)) {
    return failed(
      problem(
        "network-output",
        `Expected ${2 * count} offset maps of ${maps.width} x ${maps.height} cells, but ${options.offsets} is [${ran.value[options.offsets]?.dims.join(", ")}]`,
        "Offsets have two maps per point, x and y, as large as the heat maps.",
      ),
    );
  }
  const stride = { x: seen.grid.width / maps.width, y: seen.grid.height / maps.height };
  const pixels: number[] = [];
  const confidence = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const peak = highest(maps, k);
    const value = maps.at(k, peak.x, peak.y);
    confidence[k] = Math.min(1, Math.max(0, options.activation === "sigmoid" ? 1 / (1 + exp(-value)) : value));
    const own = offsets && {
      x: (offsets.at(2 * k, peak.x, peak.y) * options.offsetScale) / stride.x,
      y: (offsets.at(2 * k + 1, peak.x, peak.y) * options.offsetScale) / stride.y,
    };
    const part = own ?? summit(maps, k, peak);
    pixels.push((peak.x + part.x + 0.5) * stride.x - 0.5, (peak.y + part.y + 0.5) * stride.y - 0.5);
  }
  return ok({ points: toWorld(seen.grid, pixelPoints(pixels)), names, confidence });
}

/** An output of four dimensions with so many channels, second or last; the second where both fit. */
function mapsOf(tensor: Tensor | undefined, channels: number): Maps | undefined {
  if (tensor?.dims.length !== 4 || tensor.dims[0] !== 1) return undefined;
  const { data } = tensor;
  const [, a, b, c] = tensor.dims as [number, number, number, number];
  if (a === channels) return { height: b, width: c, at: (k, x, y) => data[(k * b + y) * c + x]! };
  if (c === channels) return { height: a, width: b, at: (k, x, y) => data[(y * b + x) * c + k]! };
  return undefined;
}

/** The cell with the highest value; the first of equals. */
function highest(maps: Maps, k: number): { x: number; y: number } {
  let best = Number.NEGATIVE_INFINITY;
  let place = { x: 0, y: 0 };
  for (let y = 0; y < maps.height; y++) {
    for (let x = 0; x < maps.width; x++) {
      if (!(maps.at(k, x, y) > best)) continue;
      best = maps.at(k, x, y);
      place = { x, y };
    }
  }
  return place;
}

/** Where between cells the map is highest, by a parabola along either axis: from -0.5 to 0.5. */
function summit(maps: Maps, k: number, { x, y }: { x: number; y: number }): { x: number; y: number } {
  const part = (before: number, here: number, after: number): number => {
    const bend = before + after - 2 * here;
    return bend < 0 ? Math.min(0.5, Math.max(-0.5, (0.5 * (before - after)) / bend)) : 0;
  };
  const inside = (at: number, length: number) => at > 0 && at < length - 1;
  const here = maps.at(k, x, y);
  return {
    x: inside(x, maps.width) ? part(maps.at(k, x - 1, y), here, maps.at(k, x + 1, y)) : 0,
    y: inside(y, maps.height) ? part(maps.at(k, x, y - 1), here, maps.at(k, x, y + 1)) : 0,
  };
}
