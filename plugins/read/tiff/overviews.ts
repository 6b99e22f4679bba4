import { tiffTags } from "tiepoint/plugin";
import type { PageRef, TiffFile } from "./directory.js";
import { type Layout, layoutOf } from "./layout.js";
import { isFull, isReduced, type Plane } from "./planes.js";
import { recent } from "./recent.js";
import { damaged } from "./source.js";

/** More overviews than halving the largest image could give. */
const MAX_OVERVIEWS = 32;
/** Planes whose overviews are looked at when the file is opened; those of later ones must be like theirs. */
const LOOKED_AT = 64;

/**
 * Smaller versions of the same image: sub-directories (OME), reduced pages that follow (GDAL), or tiled pages of the
 * same shape (slide scanners). Those that do not fit the image are left out.
 *
 * @returns for each version, finest first, the layout of each plane
 */
export function overviewsOf(
  tiff: TiffFile,
  planes: readonly Plane[],
  all: readonly PageRef[],
  first: Layout,
): ((plane: number) => Layout)[] {
  const subsOf = recent(LOOKED_AT, (p: number): readonly PageRef[] => {
    const { page, skip } = planes[p]!;
    if (skip > 0) return [];
    const places = tiff.directory(page.at).numbers(tiffTags.subIfds).slice(0, MAX_OVERVIEWS);
    const subs = [...places].flatMap((at) => tiff.chain(at, 1));
    return subs.length > 0 || planes.length > 1 ? subs : following(page, all, first);
  });
  const looked = planes.slice(0, LOOKED_AT).map((_, p) => p);
  const count = Math.min(MAX_OVERVIEWS, ...looked.map((p) => subsOf(p).length));
  const out: ((plane: number) => Layout)[] = [];
  let before = first;
  for (let i = 0; i < count; i++) {
    const layoutAt = recent(LOOKED_AT, (p: number): Layout => {
      const sub = subsOf(p)[i];
      if (!sub) throw damaged(`smaller versions of plane ${p} are missing`);
      const layout = layoutOf(tiff.directory(sub.at));
      if (p >= LOOKED_AT && !isVersion(layout, layoutAt(0))) throw damaged(`smaller versions of plane ${p} differ`);
      return layout;
    });
    const fits = looked.every((p) => {
      const layout = layoutAt(p);
      return layout.width < before.width && isVersion(layout, first) && sameShape(layout, first);
    });
    if (!fits) continue;
    before = layoutAt(0);
    out.push(layoutAt);
  }
  return out;
}

const isVersion = (a: Layout, b: Layout): boolean => a.samples === b.samples && a.dtype === b.dtype;

function following(page: PageRef, all: readonly PageRef[], { tiled }: Layout): PageRef[] {
  const at = all.indexOf(page);
  const end = all.findIndex((other, i) => i > at && isFull(other));
  const reduced = all.slice(at + 1, end < 0 ? all.length : end).filter(isReduced);
  if (reduced.length > 0 || at > 0 || !tiled) return reduced;
  return all.slice(1).filter((other) => other.subfile === 0 && other.tiled);
}

/** True when one is the other made smaller, but for the rounding of its sides. */
function sameShape(small: Layout, large: Layout): boolean {
  const factor = large.width / small.width;
  return Math.abs(large.height / factor - small.height) <= 1 + small.height / small.width;
}
