import type { AnyPlugin, Registry } from "tiepoint/plugin";

export { encodePicture } from "./encode-picture.js";

/** The built-in plugins, each loaded when first asked for. The command line hands this down; `src` knows no plugin by name. */
export const catalogue: Readonly<Record<string, () => Promise<{ default: AnyPlugin }>>> = {
  "detect/blobs": () => import("./detect/blobs/index.js"),
  "estimate/affine": () => import("./estimate/affine/index.js"),
  "estimate/auto": () => import("./estimate/auto/index.js"),
  "estimate/bspline": () => import("./estimate/bspline/index.js"),
  "estimate/projective": () => import("./estimate/projective/index.js"),
  "estimate/rigid": () => import("./estimate/rigid/index.js"),
  "estimate/similarity": () => import("./estimate/similarity/index.js"),
  "estimate/tps": () => import("./estimate/tps/index.js"),
  "estimate/translation": () => import("./estimate/translation/index.js"),
  "landmarks/evaluate": () => import("./landmarks/evaluate/index.js"),
  "landmarks/predict": () => import("./landmarks/predict/index.js"),
  "landmarks/train": () => import("./landmarks/train/index.js"),
  "match/akaze": () => import("./match/akaze/index.js"),
  "match/auto": () => import("./match/auto/index.js"),
  "match/brisk": () => import("./match/brisk/index.js"),
  "match/bspline": () => import("./match/bspline/index.js"),
  "match/features": () => import("./match/features/index.js"),
  "match/fourier-mellin": () => import("./match/fourier-mellin/index.js"),
  "match/graph": () => import("./match/graph/index.js"),
  "match/intensity": () => import("./match/intensity/index.js"),
  "match/landmarks": () => import("./match/landmarks/index.js"),
  "match/learned": () => import("./match/learned/index.js"),
  "match/learned-map": () => import("./match/learned-map/index.js"),
  "match/mutual-information": () => import("./match/mutual-information/index.js"),
  "match/orb": () => import("./match/orb/index.js"),
  "match/phase-correlation": () => import("./match/phase-correlation/index.js"),
  "match/segmentation": () => import("./match/segmentation/index.js"),
  "match/sift": () => import("./match/sift/index.js"),
  "match/structure": () => import("./match/structure/index.js"),
  "match/surf": () => import("./match/surf/index.js"),
  "measure/jacobian": () => import("./measure/jacobian/index.js"),
  "measure/seams": () => import("./measure/seams/index.js"),
  "measure/similarity": () => import("./measure/similarity/index.js"),
  "measure/tre": () => import("./measure/tre/index.js"),
  "preprocess/background": () => import("./preprocess/background/index.js"),
  "preprocess/crop": () => import("./preprocess/crop/index.js"),
  "preprocess/denoise": () => import("./preprocess/denoise/index.js"),
  "preprocess/edges": () => import("./preprocess/edges/index.js"),
  "preprocess/flat-field": () => import("./preprocess/flat-field/index.js"),
  "preprocess/gray": () => import("./preprocess/gray/index.js"),
  "preprocess/invert": () => import("./preprocess/invert/index.js"),
  "preprocess/mask": () => import("./preprocess/mask/index.js"),
  "preprocess/normalise": () => import("./preprocess/normalise/index.js"),
  "preprocess/rescale": () => import("./preprocess/rescale/index.js"),
  "preprocess/segment": () => import("./preprocess/segment/index.js"),
  "read/items": () => import("./read/items/index.js"),
  "read/matches": () => import("./read/matches/index.js"),
  "read/model": () => import("./read/model/index.js"),
  "read/points": () => import("./read/points/index.js"),
  "read/raster": () => import("./read/raster/index.js"),
  "read/table": () => import("./read/table/index.js"),
  "read/tiff": () => import("./read/tiff/index.js"),
  "read/transform": () => import("./read/transform/index.js"),
  "stack/align": () => import("./stack/align/index.js"),
  "stack/apply": () => import("./stack/apply/index.js"),
  "stack/bspline": () => import("./stack/bspline/index.js"),
  "stack/mean": () => import("./stack/mean/index.js"),
  "stack/order": () => import("./stack/order/index.js"),
  "stitch/align": () => import("./stitch/align/index.js"),
  "stitch/flat-field": () => import("./stitch/flat-field/index.js"),
  "stitch/fuse": () => import("./stitch/fuse/index.js"),
  "stitch/layout": () => import("./stitch/layout/index.js"),
  "write/landmarks": () => import("./write/landmarks/index.js"),
  "write/matches": () => import("./write/matches/index.js"),
  "write/metrics": () => import("./write/metrics/index.js"),
  "write/model": () => import("./write/model/index.js"),
  "write/points": () => import("./write/points/index.js"),
  "write/raster": () => import("./write/raster/index.js"),
  "write/table": () => import("./write/table/index.js"),
  "write/tiff": () => import("./write/tiff/index.js"),
  "write/transform": () => import("./write/transform/index.js"),
  "write/zarr": () => import("./write/zarr/index.js"),
  warp: () => import("./warp/warp/index.js"),
};

/** The built-ins, and whatever `extra` adds (plugins of the user, loaded already). */
export function registry(extra: Readonly<Record<string, AnyPlugin>> = {}): Registry {
  return {
    ids: [...Object.keys(catalogue), ...Object.keys(extra)].sort(),
    load: async (id) =>
      Object.hasOwn(extra, id)
        ? extra[id]
        : Object.hasOwn(catalogue, id)
          ? (await catalogue[id]!()).default
          : undefined,
  };
}
