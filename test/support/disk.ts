/** What the pipelines of test/fixtures may find on their disk: absolute path to text. */
export const disk: Readonly<Record<string, string>> = {
  "/data/scenes.csv": [
    "id,file,cloud_mask,date,site",
    "A,s/a.tif,m/a.png,2023-06-01,north",
    "B,s/b.tif,m/b.png,2023-06-05,south",
    "C,s/c.tif,m/c.png,2023-07-01,south",
    "",
  ].join("\n"),
  ...Object.fromEntries(["00_00", "00_01", "01_00", "01_01"].map((rc) => [`/data/raw/tile_${rc}.tif`, ""])),
  "/data/wings/w10.png": "",
  "/data/wings/w2.png": "",
  "/data/r/region_left.tif": "",
  "/data/r/region_right.tif": "",
  "/data/r/region_skip.tif": "",
  "/data/base.yaml": `tiepoint: 1
name: base
params: { radius: 2 px, kind: median }
inputs: { fixed: base.tif }
steps:
  soft: { use: preprocess/denoise, in: fixed, radius: "\${radius}", method: "\${kind}" }
outputs: { out.tif: soft }
`,
};
