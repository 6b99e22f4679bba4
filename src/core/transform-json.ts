import { type Result, unreachable } from "./diagnostic.js";
import type { Affine2, Crs, Grid } from "./grid.js";
import { type JsonReader, readJson } from "./json-reader.js";
import type { Provenance } from "./plugin.js";
import type { Points } from "./points.js";
import { prettyJson } from "./pretty-json.js";
import type { Registration } from "./registration.js";
import type { Matrix3, Transform } from "./transform.js";
import type { Candidate, Course, Metrics, Verdict } from "./verdict.js";

/** One image of a registration, as its transform file tells it. */
export interface ImageIdentity {
  /** Name without folders; the digest says which bytes are meant. */
  readonly file?: string;
  readonly sha256?: string;
  readonly grid?: Grid;
}

/** The content of a transform file: a registration, and where it comes from. */
export interface TransformFile {
  readonly registration: Registration;
  readonly fixed: ImageIdentity;
  readonly moving: ImageIdentity;
  readonly provenance?: Provenance;
}

/** Deepest nesting of sequences and inverses, and most steps in all, that a file may have. */
const MAX_DEPTH = 32;
const MAX_STEPS = 1000;
/** Most knots of thin-plate splines in a file: each costs a logarithm for every point that is mapped. */
const MAX_KNOTS = 100_000;
/** Most steps of a descent: a hundred times what any takes. */
const MAX_COURSE = 20_000;
/** Longest side of a grid: far beyond any image, and its square is still an exact number. */
const MAX_SIDE = 2 ** 26;

/** The text of a transform file. Same value, same bytes: no clock, no folder names. */
export function formatTransformFile({ registration, fixed, moving, provenance }: TransformFile): string {
  return prettyJson({
    format: "tiepoint/transform",
    version: 1,
    maps: "fixed-to-moving",
    unit: registration.fixed?.crs ?? fixed.grid?.crs ?? "px",
    fixed: { file: fixed.file, sha256: fixed.sha256, grid: gridToJson(fixed.grid ?? registration.fixed) },
    moving: { file: moving.file, sha256: moving.sha256, grid: gridToJson(moving.grid ?? registration.moving) },
    transform: transformToJson(registration.transform),
    verdict: registration.verdict && verdictToJson(registration.verdict),
    provenance,
  });
}

/**
 * Reads the text of a transform file, which is not trusted.
 *
 * @returns the content; or `not-json` or `not-a-transform-file` with the path of what is wrong
 */
export function parseTransformFile(text: string): Result<TransformFile> {
  return readJson(text, "not-a-transform-file", (root) => {
    root.get("format").oneOf("tiepoint/transform");
    root.get("version").integer(1, 1);
    root.get("maps").oneOf("fixed-to-moving");
    const identity = (reader: JsonReader): ImageIdentity =>
      omitUndefined({
        file: reader.optional("file", (r) => r.string()),
        sha256: reader.optional("sha256", (r) => r.string()),
        grid: reader.optional("grid", readGrid),
      });
    const fixed = root.optional("fixed", identity) ?? {};
    const moving = root.optional("moving", identity) ?? {};
    const registration: Registration = omitUndefined({
      transform: transformFromJson(root.get("transform")),
      fixed: fixed.grid,
      moving: moving.grid,
      verdict: root.optional("verdict", readVerdict),
    });
    return omitUndefined({ registration, fixed, moving, provenance: root.optional("provenance", readProvenance) });
  });
}

/** Values that come from the store have their keys in another order: the file's order is ours. */
const gridToJson = (grid: Grid | undefined): unknown =>
  grid && { width: grid.width, height: grid.height, worldFromPixel: grid.worldFromPixel, crs: grid.crs };

/**
 * A transform as plain JSON. Knots, weights, coefficients and offsets are interleaved x and y; offsets of a displacement
 * field are little-endian float32 in base64.
 */
export function transformToJson(t: Transform): unknown {
  switch (t.type) {
    case "affine":
    case "projective":
      return { type: t.type, matrix: t.matrix };
    case "tps":
      return { type: t.type, affine: t.affine, knots: [...t.knots], weights: [...t.weights] };
    case "bspline":
      return { type: t.type, lattice: gridToJson(t.lattice), coefficients: [...t.coefficients] };
    case "displacement":
      return { type: t.type, grid: gridToJson(t.grid), offsets: { float32: base64FromFloats(t.offsets) } };
    case "sequence":
      return { type: t.type, steps: t.steps.map(transformToJson) };
    case "inverse":
      return { type: t.type, of: transformToJson(t.of) };
    default:
      return unreachable(t);
  }
}

/** Reads a transform that is not trusted; for use inside `readJson`. */
export function transformFromJson(root: JsonReader): Transform {
  let steps = 0;
  let knotCount = 0;
  const read = (reader: JsonReader, depth: number): Transform => {
    if (depth > MAX_DEPTH) return reader.expect(`transforms nested at most ${MAX_DEPTH} deep`);
    if (++steps > MAX_STEPS) return reader.expect(`at most ${MAX_STEPS} transforms in all`);
    const type = reader
      .get("type")
      .oneOf("affine", "projective", "tps", "bspline", "displacement", "sequence", "inverse");
    switch (type) {
      case "affine":
        return { type, matrix: readAffine(reader.get("matrix")) };
      case "projective":
        return { type, matrix: readMatrix3(reader.get("matrix")) };
      case "tps": {
        const knots = reader.get("knots").numbers();
        if (knots.length % 2 !== 0 || knots.length < 6) reader.get("knots").expect("x and y of at least 3 points");
        knotCount += knots.length / 2;
        if (knotCount > MAX_KNOTS) reader.get("knots").expect(`at most ${MAX_KNOTS} knots in all`);
        const weights = reader.get("weights").numbers(knots.length);
        return { type, affine: readAffine(reader.get("affine")), knots: knots as Points<"world">, weights };
      }
      case "bspline": {
        const lattice = readGrid(reader.get("lattice"));
        return { type, lattice, coefficients: reader.get("coefficients").numbers(2 * lattice.width * lattice.height) };
      }
      case "displacement": {
        const grid = readGrid(reader.get("grid"));
        return { type, grid, offsets: readFloats(reader.get("offsets").get("float32"), 2 * grid.width * grid.height) };
      }
      case "sequence":
        return {
          type,
          steps: reader
            .get("steps")
            .array(MAX_STEPS)
            .map((r) => read(r, depth + 1)),
        };
      case "inverse":
        return { type, of: read(reader.get("of"), depth + 1) };
      default:
        return unreachable(type);
    }
  };
  return read(root, 0);
}

function readAffine(reader: JsonReader): Affine2 {
  return [...reader.numbers(6)] as unknown as Affine2;
}

function readMatrix3(reader: JsonReader): Matrix3 {
  const m = [...reader.numbers(9)];
  if (m[8] !== 1) reader.expect("a matrix whose last element is 1");
  return m as unknown as Matrix3;
}

/** Reads a grid that is not trusted; for use inside `readJson`. */
export function readGrid(reader: JsonReader): Grid {
  const crs = reader.get("crs").string();
  if (crs !== "px" && crs !== "um" && !/^EPSG:\d{1,9}$/.test(crs)) {
    reader.get("crs").expect('"px", "um" or an EPSG code such as "EPSG:32633"');
  }
  const worldFromPixel = readAffine(reader.get("worldFromPixel"));
  const [a, b, , d, e] = worldFromPixel;
  if (!(Math.abs(a * e - b * d) > 0)) reader.get("worldFromPixel").expect("a map that can be reversed");
  return {
    width: reader.get("width").integer(1, MAX_SIDE),
    height: reader.get("height").integer(1, MAX_SIDE),
    worldFromPixel,
    crs: crs as Crs,
  };
}

const verdictToJson = ({ status, stopped, metrics, reasons, candidates, course }: Verdict): unknown => ({
  status,
  stopped,
  metrics: metricsToJson(metrics),
  reasons: reasons.map(({ severity, code, message, hint }) => ({ severity, code, message, hint })),
  candidates: candidates?.map(({ method, chosen, status: own, metrics: figures, reason, distance }) => ({
    method,
    chosen,
    status: own,
    metrics: metricsToJson(figures),
    reason,
    distance,
  })),
  course: course && courseToJson(course),
});

const courseToJson = ({ measure, steps, capture, found }: Course): unknown => ({
  measure,
  steps: steps.map(({ level, value, step }) => [level, value, step]),
  capture: capture && { rotation: capture.rotation, scale: capture.scale, shift: capture.shift },
  found: found && { rotation: found.rotation, scale: found.scale, shift: found.shift },
});

/** JSON has no NaN: a metric without a value is written as null. */
const metricsToJson = (metrics: Metrics): unknown =>
  Object.fromEntries(Object.entries(metrics).map(([name, m]) => [name, { value: m.value, unit: m.unit }]));

function readVerdict(reader: JsonReader): Verdict {
  return omitUndefined({
    status: reader.get("status").oneOf("accepted", "suspect", "rejected"),
    stopped: reader.optional("stopped", (r) => r.string()) ?? "unknown",
    metrics: reader.optional("metrics", readMetrics) ?? {},
    reasons: (reader.optional("reasons", (r) => r.array(1000)) ?? []).map((r) =>
      omitUndefined({
        severity: r.get("severity").oneOf("error", "warning", "info"),
        code: r.get("code").string(),
        message: r.get("message").string(),
        hint: r.optional("hint", (h) => h.string()),
      }),
    ),
    candidates: reader.optional("candidates", (r) => r.array(100).map(readCandidate)),
    course: reader.optional("course", readCourse),
  });
}

const readCourse = (reader: JsonReader): Course =>
  omitUndefined({
    measure: reader.get("measure").string(),
    steps: reader
      .get("steps")
      .array(MAX_COURSE)
      .map((r) => {
        const [level, value, step] = r.array(3) as [JsonReader, JsonReader, JsonReader];
        if (!step) return r.expect("level, measure and length of a step");
        return { level: level.integer(0, 64), value: numberOrNaN(value!), step: step.number() };
      }),
    capture: reader.optional("capture", (r) => {
      const [low, high] = r.get("scale").numbers(2) as unknown as [number, number];
      return { rotation: r.get("rotation").number(), scale: [low, high] as const, shift: r.get("shift").number() };
    }),
    found: reader.optional("found", (r) => ({
      rotation: r.get("rotation").number(),
      scale: r.get("scale").number(),
      shift: r.get("shift").number(),
    })),
  });

const readCandidate = (reader: JsonReader): Candidate =>
  omitUndefined({
    method: reader.get("method").string(),
    chosen: reader.get("chosen").value === true,
    status: reader.get("status").oneOf("accepted", "suspect", "rejected", "failed"),
    metrics: reader.optional("metrics", readMetrics) ?? {},
    reason: reader.optional("reason", (r) => r.string()),
    distance: reader.optional("distance", (r) => r.number()),
  });

export function readMetrics(reader: JsonReader): Metrics {
  return Object.fromEntries(
    reader.members().map(([name, r]) => {
      const value = r.get("value");
      const unit = r.optional("unit", (u) => u.string());
      return [name, omitUndefined({ value: numberOrNaN(value), unit })];
    }),
  );
}

const numberOrNaN = (reader: JsonReader): number => (reader.value === null ? Number.NaN : reader.number());

function readProvenance(reader: JsonReader): Provenance {
  return {
    tiepoint: reader.get("tiepoint").string(),
    pipeline: reader.get("pipeline").string(),
    inputs: reader
      .get("inputs")
      .array(1e5)
      .map((r) => ({ name: r.get("name").string(), file: r.get("file").string(), sha256: r.get("sha256").string() })),
    steps: reader
      .get("steps")
      .array(1e5)
      .map((r) => ({ step: r.get("step").string(), plugin: r.get("plugin").string(), params: r.get("params").value })),
  };
}

function base64FromFloats(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i++) bytes.writeFloatLE(values[i]!, 4 * i);
  return bytes.toString("base64");
}

function readFloats(reader: JsonReader, count: number): Float32Array {
  const text = reader.string();
  const expected = `${count} float32 numbers in base64`;
  if (text.length !== Math.ceil((count * 4) / 3) * 4 && text.length !== Math.ceil((count * 4 * 4) / 3)) {
    return reader.expect(expected);
  }
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== count * 4) return reader.expect(expected);
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) out[i] = bytes.readFloatLE(4 * i);
  return out;
}

/** Optional properties must be absent, not undefined. */
function omitUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}
