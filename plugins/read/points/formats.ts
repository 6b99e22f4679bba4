import { failed, fileKind, problem, type Result } from "tiepoint/plugin";
import { parseDeepLabCut } from "./deeplabcut.js";
import { parseDlib } from "./dlib.js";
import { isRoi, parseRoiFile, parseRoiSet } from "./imagej.js";
import { parsePlain } from "./plain.js";
import type { FormatOptions, PointsFile } from "./points-file.js";
import { parseTps } from "./tps.js";

export const formatNames = ["csv", "deeplabcut", "dlib", "imagej", "tps"] as const;
export type Format = (typeof formatNames)[number];

/** Which format a file is in, by its first bytes or its first words; a table is `csv` unless its header says more. */
export function detectFormat(bytes: Uint8Array): Format {
  if (isRoi(bytes) || isZip(bytes)) return "imagej";
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 4096)).replace(/^(\u00ef\u00bb\u00bf)?\s*/, "");
  if (head.startsWith("<")) return "dlib";
  if (/^LM3?\s*=/i.test(head)) return "tps";
  return /^"?scorer"?\s*[,;\t]/i.test(head) ? "deeplabcut" : "csv";
}

/** Reads a file of points in a format. */
export function parsePoints(bytes: Uint8Array, format: Format, options: FormatOptions): Result<PointsFile> {
  if (format === "imagej") return isZip(bytes) ? parseRoiSet(bytes, options) : parseRoiFile(bytes, options);
  const kind = fileKind(bytes);
  if (kind) {
    return failed(
      problem("not-points", `Expected a text file with points, but the file is ${kind.name}`, "Check the file's name."),
    );
  }
  const text = decodeText(bytes);
  switch (format) {
    case "csv":
      return parsePlain(text);
    case "deeplabcut":
      return parseDeepLabCut(text, options);
    case "dlib":
      return parseDlib(text);
    case "tps":
      return parseTps(text, options);
  }
}

const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/** Text as UTF-8, or as Latin-1 where it is no UTF-8: dlib declares ISO-8859-1, and old programs say nothing. */
function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}
