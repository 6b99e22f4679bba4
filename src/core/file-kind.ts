import { type Diagnostic, problem } from "./diagnostic.js";

/** What a file is by its first bytes, for messages about files with a wrong name; `undefined` when they say nothing. */
export function fileKind(head: Uint8Array): { readonly name: string; readonly reader?: string } | undefined {
  const hex = Array.from(head.subarray(0, 16), (b) => b.toString(16).padStart(2, "0")).join("");
  return kinds.find(({ magic }) => magic.some((m) => new RegExp(`^${m}`).test(hex)));
}

const kinds: readonly { readonly name: string; readonly reader?: string; readonly magic: readonly string[] }[] = [
  { name: "a PNG", reader: "read/raster", magic: ["89504e470d0a1a0a"] },
  { name: "a JPEG", reader: "read/raster", magic: ["ffd8ff"] },
  { name: "a WebP", reader: "read/raster", magic: ["52494646.{8}57454250"] },
  { name: "a GIF", reader: "read/raster", magic: ["47494638"] },
  { name: "a Netpbm picture", reader: "read/raster", magic: ["503[56](0[9a-d]|20)"] },
  { name: "a TIFF", reader: "read/tiff", magic: ["49492a00", "4d4d002a", "49492b00", "4d4d002b"] },
  { name: "a model", reader: "read/model", magic: ["8954504d0d0a1a0a"] },
  { name: "a BMP", magic: ["424d.{8}00000000"] },
  { name: "a JPEG 2000", magic: ["0000000c6a502020", "ff4fff51"] },
  { name: "an HDF5", magic: ["894844460d0a1a0a"] },
  { name: "a PDF", magic: ["25504446"] },
  { name: "a ZIP archive", magic: ["504b0304"] },
  { name: "a gzip archive", magic: ["1f8b"] },
];

/**
 * `not-an-image`, told so that the reader of the message knows what the file is instead.
 *
 * @param wanted  what was expected: "a TIFF file"
 */
export function notAnImage(head: Uint8Array, wanted: string): Diagnostic {
  if (head.length === 0) return problem("not-an-image", "The file is empty", "Copy or export it again.");
  const found = fileKind(head);
  const hint = found?.reader
    ? `Give it the right extension, or read it with use: ${found.reader}.`
    : "Check the file in a viewer; its name does not decide what it is.";
  return problem("not-an-image", `Expected ${wanted}, but the file ${found ? `is ${found.name}` : "is none"}`, hint);
}
