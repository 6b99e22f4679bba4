import { failed, type Grid, type Image, ok, problem, type Registration, type Result } from "tiepoint/plugin";

/** The grid to lay tiles onto, once it is sure that everything lies in the worlds that the transform speaks of. */
export function outputGrid(
  mosaic: Grid,
  transform: Registration | undefined,
  like: Image | undefined,
): Result<Grid | undefined> {
  if (!transform) {
    if (!like || like.grid.crs === mosaic.crs) return ok(like?.grid);
    return failed(differs("like", "is", like.grid.crs, "the tiles are", mosaic.crs));
  }
  const onto = like?.grid ?? transform.fixed;
  if (!onto) {
    return failed(
      problem(
        "grid-unknown",
        "The transform does not tell the fixed image's size, so the size of the mosaic is open",
        "Add like: with the fixed mosaic.",
      ),
    );
  }
  const { fixed, moving } = transform;
  const was = "the transform was found with an image";
  return failedOr(onto, [
    ...(fixed && fixed.crs !== onto.crs ? [differs("like", "is", onto.crs, was, fixed.crs)] : []),
    ...(moving && moving.crs !== mosaic.crs ? [differs("the tiles", "are", mosaic.crs, was, moving.crs)] : []),
  ]);
}

const failedOr = (grid: Grid, problems: readonly ReturnType<typeof problem>[]): Result<Grid> =>
  problems.length > 0 ? failed(...problems) : ok(grid);

const differs = (who: string, is: string, found: string, other: string, known: string) =>
  problem(
    "unit-differs",
    `Expected one world, but ${who} ${is} in ${found} and ${other} in ${known}`,
    "Give the images the same pixel-size:, or bring them there by geo/reproject.",
  );
