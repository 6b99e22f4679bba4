import { schemaModeline } from "../pipeline/json-schema.js";

/** The pipeline of `tiepoint demo`, beside the images that it makes. */
export const demoPipeline = (
  schema: string | undefined,
): string => `${schema === undefined ? "" : `${schemaModeline(schema)}\n`}# Written by tiepoint demo. Change it and run it again:  tiepoint run pipeline.yaml
tiepoint: 1
name: demo
about: Brings a stained section and its cell labels onto a fluorescence section.

inputs:
  fixed: fixed.png            # fluorescence: nuclei are bright
  moving: moving.png          # stained: nuclei are dark
  cells: { file: cells.png, kind: labels, same-grid-as: moving }

steps:
  fixed-gray: { use: preprocess/gray, in: fixed }
  moving-gray: { use: preprocess/gray, in: moving, invert: true }

  matches:                    # places that look the same in both images
    use: match/sift
    fixed: fixed-gray
    moving: moving-gray

  transform:                  # the map that most of them agree on, and whether to believe it
    use: estimate/affine
    matches: matches

  registered: { use: warp, in: moving, transform: transform, like: fixed, interpolation: cubic }
  cells-registered: { use: warp, in: cells, transform: transform, like: fixed }

outputs:
  registered.tif: registered
  cells-registered.png: cells-registered
  transform.json: transform
  matches.csv: transform.matches
  report.html: report
`;
