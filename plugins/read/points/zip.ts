import { crc32, inflateRawSync } from "node:zlib";
import { failed, ok, problem, type Result } from "tiepoint/plugin";

export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
}

const entryLimit = 100_000;
const entryBytes = 64e6;
const totalBytes = 256e6;

/**
 * Reads files of a ZIP archive, stored or deflated.
 *
 * What an archive says of sizes is checked before memory is taken, and unpacking ends at the size that was said.
 *
 * @param wants  which files, by name
 * @returns the files in the order of the archive's directory; or `bad-zip`, `zip-too-large`
 */
export function readZip(bytes: Uint8Array, wants: (name: string) => boolean): Result<readonly ZipEntry[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end < 0) return bad("the directory of a ZIP archive at the end of the file, but found none");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff) return bad("an archive of less than 4 GB (ZIP64 is not read)");
  if (count > entryLimit) return tooLarge(`at most ${entryLimit} files, but found ${count}`);
  const entries: ZipEntry[] = [];
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== 0x02014b50)
      return bad(`file ${i + 1} of ${count} in the directory`);
    const [flags, method, crc] = [
      view.getUint16(at + 8, true),
      view.getUint16(at + 10, true),
      view.getUint32(at + 16, true),
    ];
    const [packed, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const nameLength = view.getUint16(at + 28, true);
    const next = at + 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    const local = view.getUint32(at + 42, true);
    if (next > end) return bad(`the name of file ${i + 1} inside of the directory`);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    at = next;
    if (!wants(name)) continue;
    const what = JSON.stringify(name.slice(0, 60));
    total += size;
    if (size > entryBytes || total > totalBytes) {
      return tooLarge(
        `at most 64 MB a file and 256 MB in all, but ${what} takes ${size} bytes and all so far ${total}`,
      );
    }
    if ((flags & 1) !== 0) return bad(`an archive without password, but ${what} has one`);
    if (method !== 0 && method !== 8) return bad(`stored or deflated files, but ${what} is packed by method ${method}`);
    if (local + 30 > bytes.length || view.getUint32(local, true) !== 0x04034b50)
      return bad(`${what} where the directory says`);
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + packed > bytes.length) return bad(`${packed} bytes of ${what}, but the file ends before`);
    const data = unpack(bytes.subarray(start, start + packed), method, size);
    if (data?.length !== size || crc32(data) !== crc) return bad(`${what} whole, but it is damaged`);
    entries.push({ name, data });
  }
  return ok(entries);
}

function unpack(packed: Uint8Array, method: number, size: number): Uint8Array | undefined {
  if (method === 0) return packed;
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch {
    return undefined; // damaged, or longer than it says
  }
}

/** The end record, which may be followed by a comment of up to 65,535 bytes. */
function findEnd(view: DataView): number {
  const last = view.byteLength - 22;
  for (let at = last; at >= 0 && at >= last - 0xffff; at--) if (view.getUint32(at, true) === 0x06054b50) return at;
  return -1;
}

const bad = (expected: string) => failed(problem("bad-zip", `Expected ${expected}`, "Save the archive again."));
const tooLarge = (expected: string) => failed(problem("zip-too-large", `Expected ${expected}`));
