import { tiffTags } from "tiepoint/plugin";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/files.js";
import { runReader } from "../../../test/support/read.js";
import { buildTiff, simpleFields, type TestPage } from "../../../test/support/tiff.js";
import plugin from "./index.js";

const files = temporaryFolder();
let serial = 0;

const page = (text: string): TestPage => ({
  fields: simpleFields({ width: 4, height: 2, bits: 8 }, [tiffTags.imageDescription, 2, text]),
  chunks: [new Uint8Array(8)],
});
const PIXEL = 'PhysicalSizeX="0.5" PhysicalSizeY="0.25"';
const image = (pixels: string, body: string, before = "") =>
  `<Image ID="I">${before}<Pixels ID="P" DimensionOrder="XYCZT" SizeX="4" SizeY="2" SizeC="1" SizeZ="1" SizeT="1" Type="uint8" ${pixels}>${body}</Pixels></Image>`;
const ome = (body: string, root = "") => `<?xml version="1.0"?><OME ${root} xmlns="x">${body}</OME>`;

async function placeOf(text: string, params: object = {}) {
  const outcome = await runReader(plugin, files.put(`${serial++}.ome.tif`, buildTiff([page(text)])), params);
  if (!outcome.ok) throw new Error(outcome.diagnostics[0]!.message);
  const { grid } = outcome.value.image;
  return { crs: grid.crs, place: grid.worldFromPixel, notes: (outcome.notes ?? []).map((n) => n.code) };
}

describe("stage positions of OME-XML", () => {
  test.each([
    ["in micrometres", 'PositionX="100" PositionXUnit="µm" PositionY="-50" PositionYUnit="µm"', [100, -50], []],
    ["in millimetres", 'PositionX="0.1" PositionXUnit="mm" PositionY="2e-3" PositionYUnit="mm"', [100, 2], []],
    ["in two units", 'PositionX="1" PositionXUnit="mm" PositionY="7" PositionYUnit="µm"', [1000, 7], []],
    ["in pixels", 'PositionX="100" PositionXUnit="pixel" PositionY="40" PositionYUnit="pixel"', [50, 10], []],
    [
      "of the stage's own frame",
      'PositionX="3" PositionXUnit="reference frame" PositionY="4"',
      [3, 4],
      ["stage-unit-assumed"],
    ],
    ["without a unit", 'PositionX="3" PositionY="4"', [3, 4], ["stage-unit-assumed"]],
  ])("%s place the image", async (_, plane, [x, y], notes) => {
    expect(await placeOf(ome(image(PIXEL, `<Plane TheC="0" TheZ="0" TheT="0" ${plane}/>`)))).toEqual({
      crs: "um",
      place: [0.5, 0, x, 0, 0.25, y],
      notes,
    });
  });

  test.each([
    ["half a position", '<Plane TheC="0" TheZ="0" TheT="0" PositionX="3"/>'],
    ["a position that is no number", '<Plane TheC="0" TheZ="0" TheT="0" PositionX="a" PositionY=""/>'],
    ["an infinite one", '<Plane TheC="0" TheZ="0" TheT="0" PositionX="1e999" PositionY="0"/>'],
    ["one of a plane that is not there", '<Plane TheC="9" TheZ="0" TheT="0" PositionX="1" PositionY="1"/>'],
  ])("%s is none", async (_, body) => {
    expect(await placeOf(ome(image(PIXEL, body)))).toEqual({ crs: "um", place: [0.5, 0, 0, 0, 0.25, 0], notes: [] });
  });

  test("a stage label does where no plane has a position", async () => {
    const label = '<StageLabel Name="1" X="1" XUnit="mm" Y="2" YUnit="mm"/>';
    expect((await placeOf(ome(image(PIXEL, "<TiffData/>", label)))).place).toEqual([0.5, 0, 1000, 0, 0.25, 2000]);
    const plane =
      '<Plane TheC="0" TheZ="0" TheT="0" PositionX="5" PositionXUnit="µm" PositionY="6" PositionYUnit="µm"/>';
    expect((await placeOf(ome(image(PIXEL, plane, label)))).place).toEqual([0.5, 0, 5, 0, 0.25, 6]);
    // That of another image is not this one's.
    const other = `<Image ID="O">${label}</Image>`;
    expect((await placeOf(ome(other + image(PIXEL, "")))).place).toEqual([0.5, 0, 0, 0, 0.25, 0]);
  });

  test("without a pixel size they are told, and count when the pixel size is given", async () => {
    const text = ome(image("", '<Plane TheC="0" TheZ="0" TheT="0" PositionX="9" PositionXUnit="µm" PositionY="8"/>'));
    expect(await placeOf(text)).toEqual({ crs: "px", place: [1, 0, 0, 0, 1, 0], notes: ["stage-position-unused"] });
    const given = { pixelSize: { value: 2, unit: "um" } };
    expect(await placeOf(text, given)).toEqual({ crs: "um", place: [2, 0, 9, 0, 2, 8], notes: [] });
    const replaced = ome(
      image(PIXEL, '<Plane TheC="0" TheZ="0" TheT="0" PositionX="9" PositionXUnit="µm" PositionY="8"/>'),
    );
    expect(await placeOf(replaced, given)).toEqual({
      crs: "um",
      place: [2, 0, 9, 0, 2, 8],
      notes: ["pixel-size-replaced"],
    });
  });

  test("in pixels they need no pixel size", async () => {
    const plane =
      '<Plane TheC="0" TheZ="0" TheT="0" PositionX="9" PositionXUnit="pixel" PositionY="8" PositionYUnit="pixel"/>';
    expect(await placeOf(ome(image("", plane)))).toEqual({ crs: "px", place: [1, 0, 9, 0, 1, 8], notes: [] });
  });
});

test("of a description that several files share, each takes the image whose plane it holds", async () => {
  const tile = (n: number) =>
    image(
      PIXEL,
      `<TiffData IFD="0" PlaneCount="1"><UUID FileName="t${n}.ome.tif">urn:uuid:${n}</UUID></TiffData><Plane TheC="0" TheZ="0" TheT="0" PositionX="${100 * n}" PositionXUnit="µm" PositionY="${n}" PositionYUnit="µm"/>`,
    );
  const text = (own: number) => ome(tile(1) + tile(2) + tile(3), `UUID="urn:uuid:${own}"`);
  for (const n of [1, 2, 3]) expect((await placeOf(text(n))).place).toEqual([0.5, 0, 100 * n, 0, 0.25, n]);
  // A file that the description does not name is described by its first image.
  expect((await placeOf(text(7))).place).toEqual([0.5, 0, 0, 0, 0.25, 0]);
});
