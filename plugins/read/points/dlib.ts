import { failed, ok, problem, type Result } from "tiepoint/plugin";
import { checkNames, type ImagePoints, type PointsFile, pointLimit, quoted, tooManyPoints } from "./points-file.js";
import { walkXml } from "./xml.js";

/** One box of an image with its parts. */
interface Box {
  readonly names: string[];
  readonly xy: number[];
  readonly line: number;
}

/**
 * A data set of dlib and imglab: images, in each boxes, in each parts with integer pixel coordinates.
 *
 * Parts of one box are named as the file names them. Where an image has several boxes, its points are `box1/NAME`, `box2/NAME`.
 */
export function parseDlib(text: string): Result<PointsFile> {
  const images: ImagePoints[] = [];
  let image: { file: string; boxes: Box[]; line: number } | undefined;
  let box: Box | undefined;
  let isDataset = false;
  let total = 0;
  const walked = walkXml(text, (event) => {
    const { name, line } = event;
    if (event.type === "close") {
      if (name === "box") box = undefined;
      if (name !== "image" || !image) return undefined;
      const made = gather(image);
      if (!made.ok) return made;
      images.push(made.value);
      image = undefined;
      return undefined;
    }
    const { attributes } = event;
    if (!isDataset) {
      if (name === "dataset") isDataset = true;
      else return bad(line, "the element <dataset> of dlib", `<${name}>`);
    } else if (name === "image") {
      const file = attributes.get("file");
      if (image) return bad(line, "the end of an image", "another <image>");
      if (file === undefined || file === "") return bad(line, 'file="…" in <image>', "none");
      image = { file: file.replaceAll("\\", "/"), boxes: [], line };
    } else if (name === "box") {
      if (!image || box) return bad(line, "<box> inside <image>", "one elsewhere");
      box = { names: [], xy: [], line };
      image.boxes.push(box);
    } else if (name === "part") {
      if (!box) return bad(line, "<part> inside <box>", "one elsewhere");
      const part = attributes.get("name");
      const [x, y] = [coordinate(attributes.get("x")), coordinate(attributes.get("y"))];
      if (part === undefined || x === undefined || y === undefined) {
        return bad(
          line,
          "name, x and y as numbers in <part>",
          [...attributes].map(([k, v]) => `${k}="${v}"`).join(" "),
        );
      }
      if (++total > pointLimit) return tooManyPoints();
      box.names.push(part);
      box.xy.push(x, y);
    }
    return undefined;
  });
  if (!walked.ok) return walked;
  return ok({ images });
}

function gather({ file, boxes, line }: { file: string; boxes: readonly Box[]; line: number }): Result<ImagePoints> {
  const withParts = boxes.filter((b) => b.names.length > 0);
  for (const b of withParts) {
    const checked = checkNames(b.names, `the box in line ${b.line}`);
    if (!checked.ok) return checked;
  }
  const several = withParts.length > 1;
  return ok({
    image: file,
    names: boxes.flatMap((b, i) => b.names.map((n) => (several ? `box${i + 1}/${n}` : n))),
    xy: withParts.flatMap((b) => b.xy),
    where: `line ${line}`,
  });
}

function coordinate(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d{1,9}(\.\d{1,20})?$/.test(text.trim()) ? Number(text) : undefined;
}

function bad(line: number, expected: string, found: string) {
  return failed(problem("bad-dlib", `Expected ${expected} in line ${line}, but found ${quoted(found)}`));
}
