import { crc32 } from "node:zlib";

/** An ImageJ selection of points, with coordinates of part of a pixel; whole numbers are centres of pixels, as ours are. */
export function encodeRoi(points: readonly (readonly [number, number])[], name = ""): Uint8Array {
  const n = points.length;
  const head = 64 + 12 * n;
  const view = new DataView(new ArrayBuffer(head + 64 + 2 * name.length));
  const bound = (axis: 0 | 1, pick: typeof Math.min) =>
    Math.floor(points.reduce((v, p) => pick(v, p[axis]), points[0]![axis]));
  const [left, top, right, bottom] = [bound(0, Math.min), bound(1, Math.min), bound(0, Math.max), bound(1, Math.max)];
  view.setUint32(0, 0x496f7574); // "Iout"
  view.setUint16(4, 227);
  view.setUint8(6, 10);
  [top, left, bottom + 1, right + 1].forEach((v, i) => {
    view.setInt16(8 + 2 * i, v);
  });
  view.setUint16(16, n <= 0xffff ? n : 0);
  if (n > 0xffff) view.setUint32(18, n);
  view.setUint16(50, 128);
  view.setUint32(60, head);
  points.forEach(([x, y], i) => {
    view.setInt16(64 + 2 * i, Math.floor(x) - left);
    view.setInt16(64 + 2 * n + 2 * i, Math.floor(y) - top);
    view.setFloat32(64 + 4 * n + 4 * i, x);
    view.setFloat32(64 + 8 * n + 4 * i, y);
  });
  if (name !== "") {
    view.setUint32(head + 16, head + 64);
    view.setUint32(head + 20, name.length);
    for (let i = 0; i < name.length; i++) view.setUint16(head + 64 + 2 * i, name.charCodeAt(i));
  }
  return new Uint8Array(view.buffer);
}

/** A ZIP archive of files that are not packed, without times, so that the same files give the same bytes. */
export function encodeZip(files: readonly { readonly name: string; readonly data: Uint8Array }[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data } of files) {
    const title = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2); // names in UTF-8
    common.writeUInt32LE(0x00210000, 6); // the first day that can be said
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(title.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    parts.push(Buffer.from("PK\x03\x04"), common, title, Buffer.from(data));
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), common, tail, title);
    at += 30 + title.length + data.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}
