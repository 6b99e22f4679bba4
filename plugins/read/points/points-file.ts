import { type Diagnostic, failed, ok, problem, type Result, warning } from "tiepoint/plugin";

/** Points of one image as its file gives them. */
export interface ImagePoints {
  /** What the file calls the image: its path with `/`, a frame's number, or empty where it says nothing. */
  readonly image: string;
  /** A second name: `ID=` of a TPS file. */
  readonly id?: string;
  /** Interleaved pixel coordinates, NaN for a point that was not placed; y counts up where the file says so. */
  readonly xy: readonly number[];
  readonly names?: readonly string[];
  /** 0 to 1; NaN where the file says nothing. */
  readonly confidence?: readonly number[];
  /** Where the image's points begin, such as `line 14`. */
  readonly where: string;
  readonly notes?: readonly Diagnostic[];
}

/** A file of points, understood: of one image or of many. */
export interface PointsFile {
  readonly images: readonly ImagePoints[];
  /** y is measured from the bottom of the image. */
  readonly yUp?: boolean;
}

/** What a reader of a format may be told. */
export interface FormatOptions {
  /** Semilandmarks of curves too. */
  readonly curves: boolean;
  /** One animal of several. */
  readonly individual?: string | undefined;
  /** Name of the file, without its folder. */
  readonly file: string;
}

/** Points of all images of a file; more are refused before memory is taken. */
export const pointLimit = 5_000_000;

export const tooManyPoints = () =>
  failed(
    problem(
      "too-many-points",
      `Expected at most ${pointLimit} points in a file`,
      "Write them into files of their own.",
    ),
  );

/** A name in a message: short, and on one line. */
export const quoted = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);

/** The first names of many, for a message. */
export function listed(names: readonly string[], most = 5): string {
  const more = names.length > most ? `, and ${names.length - most} more` : "";
  return `${names.slice(0, most).map(quoted).join(", ")}${more}`;
}

/** `duplicate-name` for the first name that stands twice. */
export function checkNames(names: readonly string[], where: string): Result<readonly string[]> {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      return failed(
        problem(
          "duplicate-name",
          `Expected each point once, but ${where} has ${quoted(name)} twice`,
          "Rename or remove one of the two.",
        ),
      );
    }
    seen.add(name);
  }
  return ok(names);
}

const partsOf = (name: string): string[] => name.split(/[\\/]+/).filter((part) => part !== "" && part !== ".");
const stem = (name: string): string =>
  partsOf(name)
    .at(-1)
    ?.replace(/\.[A-Za-z0-9]{1,5}$/, "") ?? "";
const number = (name: string): string => (/^\d+$/.test(stem(name)) ? String(Number(stem(name))) : stem(name));

/** Whether one path ends with all of the other, whole parts at a time. */
function sameEnd(a: string, b: string): boolean {
  const [x, y] = [partsOf(a).reverse(), partsOf(b).reverse()];
  const shared = Math.min(x.length, y.length);
  for (let i = 0; i < shared; i++) if (x[i] !== y[i]) return false;
  return shared > 0;
}

const lastPart = (name: string): string => partsOf(name).at(-1) ?? "";
const ways: readonly { readonly same: (a: string, b: string) => boolean; readonly loose?: string }[] = [
  { same: (a, b) => a === b },
  { same: sameEnd },
  { same: (a, b) => lastPart(a) === lastPart(b) },
  { same: (a, b) => lastPart(a).toLowerCase() === lastPart(b).toLowerCase(), loose: "but for capital letters" },
  { same: (a, b) => stem(a).toLowerCase() === stem(b).toLowerCase(), loose: "but for the extension" },
  { same: (a, b) => number(a) === number(b), loose: "by its number" },
];

/**
 * The points of one image of a file.
 *
 * @param wanted  name of the image, or nothing where the file can have but one
 * @returns the points, with a note where the name was met in part only; or `no-such-image`, `several-images`
 */
export function chooseImage(
  { images }: PointsFile,
  wanted: string | undefined,
): Result<{ readonly points: ImagePoints; readonly notes: readonly Diagnostic[] }> {
  if (images.length === 0) return failed(problem("no-points", "Expected points, but the file has none"));
  const [only] = images;
  if (images.length === 1 && (wanted === undefined || (only!.image === "" && only!.id === undefined))) {
    return ok({ points: only!, notes: [] });
  }
  const names = images.map((i) => i.image || (i.id ?? ""));
  if (wanted === undefined) {
    return failed(
      problem(
        "several-images",
        `The file has points of ${images.length} images: ${listed(names)}`,
        `Name one by image:, or write points: at the input of the images.`,
      ),
    );
  }
  for (const { same, loose } of ways) {
    const found = images.filter((i) => same(i.image, wanted) || (i.id !== undefined && i.id === wanted));
    if (found.length > 1) {
      return failed(
        problem(
          "several-images",
          `${quoted(wanted)} may be any of ${found.length} images of the file: ${found
            .slice(0, 4)
            .map((i) => `${quoted(i.image)} (${i.where})`)
            .join(", ")}`,
          "Name it by image: as the file does, or remove what is not meant.",
        ),
      );
    }
    if (found.length === 1) {
      const note = `Points of ${quoted(found[0]!.image)} taken for ${quoted(wanted)}: the same ${loose}`;
      return ok({ points: found[0]!, notes: loose ? [warning("image-by-part", note)] : [] });
    }
  }
  return failed(
    problem(
      "no-such-image",
      `The file has no points of ${quoted(wanted)}; it has those of ${listed(names)}`,
      "Name one of these by image:, or leave the image out.",
    ),
  );
}
