import { bytesPerSample, type Context, type Image, pixelArray } from "tiepoint/plugin";

/** Rows at a time: some megabytes, in whole tiles of the image where they are not too high. */
function bandHeight({ grid, dtype, bands, tile }: Image, memory: number): number {
  const rowBytes = grid.width * bands.length * bytesPerSample(dtype);
  const rows = Math.max(1, Math.floor(Math.min(32 * 1024 ** 2, memory / 8) / rowBytes));
  return Math.min(grid.height, rows >= tile.height ? rows - (rows % tile.height) : rows);
}

/** The image from top to bottom, as interleaved samples of whole rows. Each piece is new memory. */
export async function* interleavedRows(
  image: Image,
  { memory, signal, progress }: Pick<Context, "memory" | "signal" | "progress">,
): AsyncGenerator<{ readonly rows: number; readonly data: Uint8Array | Uint16Array }> {
  const { grid, dtype, bands } = image;
  const count = bands.length;
  const step = bandHeight(image, memory);
  for (let y = 0; y < grid.height; y += step) {
    signal.throwIfAborted();
    const rows = Math.min(step, grid.height - y);
    const { data } = await image.read({ x: 0, y, width: grid.width, height: rows }, { signal });
    const out = count === 1 ? data : pixelArray(dtype, data.length);
    const plane = rows * grid.width;
    if (count > 1)
      for (let b = 0; b < count; b++)
        for (let i = 0, from = b * plane, to = b; i < plane; i++, to += count) out[to] = data[from + i]!;
    yield { rows, data: out as Uint8Array | Uint16Array };
    progress((y + rows) / grid.height);
  }
}
