import {
  ChunkPyramid,
  type OrderedWork,
  type PixelData,
  type PutBlock,
  pixelArray,
  type Window,
} from "tiepoint/plugin";
import { encodeTile } from "./encode.js";
import type { FilePlan, PagePlan } from "./plan.js";
import type { Sink } from "./sink.js";

/** Place and size of every chunk of one resolution in the file, filled as they are written. */
export interface Places {
  readonly width: number;
  readonly height: number;
  readonly offsets: Float64Array;
  readonly counts: Float64Array;
}

/** One place per resolution, the full one first, nothing written yet. */
export function emptyPlaces({ levels, chunkWidth, chunkHeight }: FilePlan): Places[] {
  return levels.map(({ width, height }) => {
    const chunks = Math.ceil(width / chunkWidth) * Math.ceil(height / chunkHeight);
    return { width, height, offsets: new Float64Array(chunks), counts: new Float64Array(chunks) };
  });
}

/**
 * Writes one page and its smaller versions.
 *
 * @param places  filled on the way; @param sinkOf  where each level's chunks go; @param work  packs them, in order
 */
export function pageWriter(
  plan: FilePlan,
  page: PagePlan,
  places: readonly Places[],
  sinkOf: (level: number) => Sink,
  work: OrderedWork<Uint8Array>,
): PutBlock {
  const { chunkWidth, encoding } = plan;
  if (!plan.tiled && encoding.compression === "none")
    return (bands, block) => putStrips(plan, places[0]!, sinkOf(0), bands, block);
  const together = page.bands.length;
  const pyramid = new ChunkPyramid({ ...plan, together, padded: plan.tiled }, plan.levels, (chunk) => {
    const { width, offsets, counts } = places[chunk.level]!;
    const index = chunk.row * Math.ceil(width / chunkWidth) + chunk.column;
    const rowValues = (plan.tiled ? chunkWidth : width) * together;
    return work.add(encodeTile(chunk.data, rowValues, together, encoding), async (bytes) => {
      offsets[index] = await sinkOf(chunk.level).append(bytes);
      counts[index] = bytes.length;
    });
  });
  return (bands, block) => pyramid.put(bands, block);
}

/** Rows of one band are the file's bytes already; several bands are interleaved first. */
async function putStrips(
  { dtype, chunkHeight }: FilePlan,
  { width, offsets, counts }: Places,
  sink: Sink,
  bands: readonly PixelData[],
  block: Window,
): Promise<void> {
  const count = bands.length;
  const out = count === 1 ? bands[0]! : pixelArray(dtype, count * bands[0]!.length);
  if (count > 1) for (const [b, band] of bands.entries()) spread(band, out, b, count);
  const rowBytes = width * count * out.BYTES_PER_ELEMENT;
  const at = await sink.append(new Uint8Array(out.buffer, out.byteOffset, out.byteLength));
  for (let y = 0; y < block.height; y += chunkHeight) {
    const strip = (block.y + y) / chunkHeight;
    offsets[strip] = at + y * rowBytes;
    counts[strip] = Math.min(chunkHeight, block.height - y) * rowBytes;
  }
}

/** Puts one band into every `step`-th place. */
function spread(band: PixelData, out: PixelData, first: number, step: number): void {
  for (let i = 0, to = first; i < band.length; i++, to += step) out[to] = band[i]!;
}
