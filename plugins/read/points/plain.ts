import {
  type CsvText,
  cellText,
  failed,
  findColumn,
  numberColumn,
  ok,
  parseCsv,
  problem,
  type Result,
} from "tiepoint/plugin";
import { checkNames, type ImagePoints, type PointsFile, pointLimit, tooManyPoints } from "./points-file.js";

const nameColumns = ["name", "point", "landmark", "label", "part", "bodypart"];
const imageColumns = ["image", "file", "filename", "frame"];

/** A CSV file with columns x and y, in any order; also name, confidence, and image where it has the points of several. */
export function parsePlain(text: string): Result<PointsFile> {
  const csv = parseCsv(text);
  if (!csv.ok) return csv;
  const table = csv.value;
  const pairs = pairsFormat(table);
  if (pairs) return failed(pairs);
  const x = numberColumn(table, "x");
  if (!x.ok) return x;
  const y = numberColumn(table, "y");
  if (!y.ok) return y;
  if (x.value.length > pointLimit) return tooManyPoints();
  const confidence = readConfidence(table);
  if (!confidence.ok) return confidence;
  const name = findColumn(table.header, ...nameColumns);
  const image = findColumn(table.header, ...imageColumns);
  const rows = new Map<string, number[]>();
  for (let i = 0; i < table.rows.length; i++) {
    const key = image < 0 ? "" : cellText(table.rows[i]![image]!).trim();
    const list = rows.get(key);
    if (list) list.push(i);
    else rows.set(key, [i]);
  }
  if (rows.size === 0) rows.set("", []);
  const images: ImagePoints[] = [];
  for (const [key, own] of rows) {
    const names = name < 0 ? undefined : own.map((i) => cellText(table.rows[i]![name]!).trim());
    const where = own.length > 0 ? `line ${table.lines[own[0]!]}` : "line 1";
    if (names && image >= 0) {
      const checked = checkNames(names, `image "${key}" (from ${where})`);
      if (!checked.ok) return checked;
    }
    images.push({
      image: key,
      xy: own.flatMap((i) => [x.value[i]!, y.value[i]!]),
      ...(names ? { names } : {}),
      ...(confidence.value ? { confidence: own.map((i) => confidence.value![i]!) } : {}),
      where,
    });
  }
  return ok({ images });
}

function readConfidence(table: CsvText): Result<Float64Array | undefined> {
  if (findColumn(table.header, "confidence", "likelihood") < 0) return ok(undefined);
  const column = numberColumn(table, "confidence", "likelihood");
  if (!column.ok) return column;
  const outside = column.value.findIndex((c) => c < 0 || c > 1);
  if (outside < 0) return column;
  return failed(
    problem(
      "confidence-out-of-range",
      `Expected confidences from 0 to 1, but found ${column.value[outside]} in line ${table.lines[outside]}`,
    ),
  );
}

/** Files that hold pairs of points, which `read/matches` knows. */
function pairsFormat({ header }: CsvText) {
  const bigwarp = (header.length === 6 || header.length === 8) && /^(true|false)$/i.test(header[1]!);
  const qgis = findColumn(header, "mapx") >= 0;
  const ours = findColumn(header, "fixed_x") >= 0;
  if (!bigwarp && !qgis && !ours) return undefined;
  return problem(
    "pairs-not-points",
    `Expected the points of one image, but the file has pairs of points${bigwarp ? ", as BigWarp writes them" : qgis ? ", as QGIS writes them" : ""}`,
    "Read it with use: read/matches, and give the matches to an estimator.",
  );
}
