// Plain TIFF files for the bench: one gray band, little endian, not compressed, in strips.
import { closeSync, openSync, readSync, writeSync } from "node:fs";

/** Writes a file strip by strip; `strip(y, rows)` gives the samples of these rows, Uint8Array or Uint16Array. */
export function writeTiff(path, width, height, bits, strip, rowsPerStrip = 64) {
  const bytes = bits / 8;
  const strips = Math.ceil(height / rowsPerStrip);
  const tags = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, bits],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, strips, 8 + 2 + 12 * 9 + 4],
    [277, 3, 1, 1],
    [278, 4, 1, rowsPerStrip],
    [279, 4, strips, 8 + 2 + 12 * 9 + 4 + 4 * strips],
  ];
  const head = Buffer.alloc(8 + 2 + 12 * tags.length + 4 + 8 * strips);
  head.write("II");
  head.writeUInt16LE(42, 2);
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(tags.length, 8);
  tags.forEach(([tag, type, count, value], i) => {
    const at = 10 + 12 * i;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(count, at + 4);
    if (type === 3) head.writeUInt16LE(value, at + 8);
    else head.writeUInt32LE(value, at + 8);
  });
  const file = openSync(path, "w");
  let at = head.length;
  const table = 10 + 12 * tags.length + 4;
  for (let s = 0; s < strips; s++) {
    const rows = Math.min(rowsPerStrip, height - s * rowsPerStrip);
    head.writeUInt32LE(at, table + 4 * s);
    head.writeUInt32LE(rows * width * bytes, table + 4 * strips + 4 * s);
    at += rows * width * bytes;
  }
  writeSync(file, head);
  for (let y = 0; y < height; y += rowsPerStrip) {
    const data = strip(y, Math.min(rowsPerStrip, height - y));
    writeSync(file, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
  closeSync(file);
}

/** A reader of single samples of a one-band TIFF that is not compressed, striped or tiled, classic or big. */
export function openTiff(path) {
  const file = openSync(path, "r");
  const read = (at, length) => {
    const buffer = Buffer.alloc(length);
    readSync(file, buffer, 0, length, Number(at));
    return buffer;
  };
  const start = read(0, 16);
  const big = start.readUInt16LE(2) === 43;
  if (start.toString("latin1", 0, 2) !== "II") throw new Error("a bench file is little endian");
  const ifd = big ? Number(start.readBigUInt64LE(8)) : start.readUInt32LE(4);
  const count = big ? Number(read(ifd, 8).readBigUInt64LE(0)) : read(ifd, 2).readUInt16LE(0);
  const entry = big ? 20 : 12;
  const block = read(ifd + (big ? 8 : 2), entry * count);
  const tags = new Map();
  const sizes = { 1: 1, 3: 2, 4: 4, 16: 8 };
  for (let i = 0; i < count; i++) {
    const at = i * entry;
    const type = block.readUInt16LE(at + 2);
    const size = sizes[type];
    if (!size) continue;
    const n = big ? Number(block.readBigUInt64LE(at + 4)) : block.readUInt32LE(at + 4);
    const inline = big ? 8 : 4;
    const where = at + (big ? 12 : 8);
    const far = () => (big ? Number(block.readBigUInt64LE(where)) : block.readUInt32LE(where));
    const data = n * size <= inline ? block.subarray(where, where + n * size) : read(far(), n * size);
    const take = (k) => (size === 8 ? Number(data.readBigUInt64LE(k * 8)) : data.readUIntLE(k * size, size));
    tags.set(
      block.readUInt16LE(at),
      Array.from({ length: n }, (_, k) => take(k)),
    );
  }
  const one = (tag, otherwise) => tags.get(tag)?.[0] ?? otherwise;
  const [width, height, bits] = [one(256), one(257), one(258, 8)];
  if (one(259, 1) !== 1) throw new Error("a bench file is not compressed");
  const tiled = tags.has(324);
  const [tileWidth, tileHeight] = tiled ? [one(322), one(323)] : [width, one(278, height)];
  const offsets = tags.get(tiled ? 324 : 273);
  const across = Math.ceil(width / tileWidth);
  return {
    width,
    height,
    sample(x, y) {
      const tile = Math.floor(y / tileHeight) * across + Math.floor(x / tileWidth);
      const at = offsets[tile] + (((y % tileHeight) * tileWidth + (x % tileWidth)) * bits) / 8;
      return read(at, bits / 8).readUIntLE(0, bits / 8);
    },
    close: () => closeSync(file),
  };
}
