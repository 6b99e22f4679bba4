import { crc32, deflateRawSync } from "node:zlib";

/** An ImageJ selection of points. `fine`: coordinates as 32-bit numbers too, as ImageJ 1.47 and later writes them. */
export function roiFile(
  points: readonly (readonly [number, number])[],
  { name = "", fine = false, type = 10, version = 228 } = {},
): Uint8Array {
  const n = points.length;
  const coordinates = 64 + n * (fine ? 12 : 4);
  const view = new DataView(new ArrayBuffer(coordinates + (name ? 64 + 2 * name.length : 0)));
  const [left, top] = [0, 1].map((axis) => Math.floor(Math.min(...points.map((p) => p[axis]!))));
  view.setUint32(0, 0x496f7574); // "Iout"
  view.setUint16(4, version);
  view.setUint8(6, type);
  view.setInt16(8, top!);
  view.setInt16(10, left!);
  view.setUint16(16, n);
  view.setUint16(50, fine ? 128 : 0);
  points.forEach(([x, y], i) => {
    view.setInt16(64 + 2 * i, Math.floor(x) - left!);
    view.setInt16(64 + 2 * n + 2 * i, Math.floor(y) - top!);
    if (!fine) return;
    view.setFloat32(64 + 4 * n + 4 * i, x);
    view.setFloat32(64 + 8 * n + 4 * i, y);
  });
  if (name) {
    view.setUint32(60, coordinates);
    view.setUint32(coordinates + 16, coordinates + 64);
    view.setUint32(coordinates + 20, name.length);
    for (let i = 0; i < name.length; i++) view.setUint16(coordinates + 64 + 2 * i, name.charCodeAt(i));
  }
  return new Uint8Array(view.buffer);
}

/** A ZIP archive. @param claim  size that the archive says its files have, in place of the true one */
export function zipFile(files: Readonly<Record<string, Uint8Array>>, claim?: number): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, data] of Object.entries(files)) {
    const packed = deflateRawSync(data);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(claim ?? data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, tail, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}
