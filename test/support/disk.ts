/** What the pipelines of test/fixtures may find on their disk: absolute path to text. */
export const disk: Readonly<Record<string, string>> = {
  "/work/scenes.csv": [
    "id,file,cloud_mask,date,site",
    "A,s/a.tif,m/a.png,2023-06-01,north",
    "B,s/b.tif,m/b.png,2023-06-05,south",
    "C,s/c.tif,m/c.png,2023-07-01,south",
    "",
  ].join("\n"),
  ...Object.fromEntries(["00_00", "00_01", "01_00", "01_01"].map((rc) => [`/work/raw/tile_${rc}.tif`, ""])),
  "/work/wings/w10.png": "",
  "/work/wings/w2.png": "",
  "/work/r/region_left.tif": "",
  "/work/r/region_right.tif": "",
  "/work/r/region_skip.tif": "",
  "/work/base.yaml": `tiepoint: 1
name: base
params: { radius: 2 px, kind: median }
inputs: { fixed: base.tif }
steps:
  soft: { use: preprocess/denoise, in: fixed, radius: "\${radius}", method: "\${kind}" }
outputs: { out.tif: soft }
`,
};
