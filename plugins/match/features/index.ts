import {
  definePlugin,
  descriptors,
  detectors,
  directions,
  featureParams,
  matchFeatures,
  placeParams,
  tiltParams,
} from "tiepoint/plugin";

/** Names of a table, as a list that the manifest can have; told one by one in the help. */
const names = <T extends object>(table: T) => Object.keys(table).sort() as (keyof T & string)[];
const told = (table: Readonly<Record<string, { readonly about: string }>>): string =>
  Object.entries(table)
    .map(([name, { about }]) => `${name}: ${about}`)
    .join(". ");

export default definePlugin({
  kind: "match",
  name: "features",
  version: "1",
  summary: "Finds tie points by a detector and a descriptor of your choice, turned or upright.",
  cite: [
    "doi:10.1007/11744023_34",
    "doi:10.1007/978-3-642-15552-9_14",
    "doi:10.5244/C.2.23",
    "doi:10.5244/C.27.13",
    "doi:10.1023/B:VISI.0000029664.99615.94",
    "doi:10.1109/ICCV.2011.6126542",
    "doi:10.1109/ICCV.2011.6126544",
    "doi:10.1016/j.cviu.2007.09.014",
    "doi:10.1016/j.patrec.2018.02.020",
    "doi:10.1109/TIP.2019.2959244",
  ],
  params: {
    detector: {
      type: "string",
      enum: names(detectors),
      default: "sift",
      description: `What keypoints are. ${told(detectors)}.`,
    },
    descriptor: {
      type: "string",
      enum: names(descriptors),
      default: "rootsift",
      description: `What is compared around them. ${told(descriptors)}.`,
    },
    direction: {
      type: "string",
      enum: ["auto", ...names(directions)],
      default: "auto",
      description: "How the direction of a keypoint is found. auto: as the descriptor was published.",
    },
    ...featureParams,
    ...placeParams,
    ...tiltParams,
  },
  inputs: { fixed: "image", moving: "image", fixedMask: "image?", movingMask: "image?" },
  outputs: { matches: "matches" },
  run: (inputs, params, context) => matchFeatures(inputs, params, context),
});
