import { describe, expect, test } from "vitest";
import { pixelGrid } from "../core/grid.js";
import type { Registration } from "../core/registration.js";
import { mapCsv, mapGeoJson, pointMap } from "./apply-points.js";

/** Fixed x + 10 is moving x; the moving image has pixels of half the size. */
const registration: Registration = {
  transform: { type: "affine", matrix: [1, 0, 10, 0, 1, 0] },
  fixed: pixelGrid(100, 100),
  moving: { ...pixelGrid(200, 200), worldFromPixel: [0.5, 0, 0, 0, 0.5, 0] },
};
const toFixed = pointMap(registration, "moving", "pixel");

describe("points through a registration", () => {
  test("go from moving to fixed pixels, or back, or in world coordinates", () => {
    expect([...toFixed(Float64Array.of(20, 4))]).toEqual([0, 2]);
    expect([...pointMap(registration, "fixed", "pixel")(Float64Array.of(0, 2))]).toEqual([20, 4]);
    expect([...pointMap(registration, "fixed", "world")(Float64Array.of(0, 2))]).toEqual([10, 2]);
  });

  test("keep the other columns of a CSV file and the order of everything", () => {
    const text = '# cells\nid;Y;"label, long";X\n1;4;"a;b";20\n2;;x;\n';
    expect(mapCsv(text, toFixed, "moving")).toEqual({
      ok: true,
      value: { text: '# cells\nid;Y;"label, long";X\n1;2;"a;b";0\n2;;x;\n', points: 2, outside: 1 },
    });
  });

  test("of a file of tie points stand in columns of their own", () => {
    const text = "fixed_x,fixed_y,moving_x,moving_y\n1,2,20,4\n";
    const result = mapCsv(text, toFixed, "moving");
    expect(result.ok && result.value.text).toBe("fixed_x,fixed_y,moving_x,moving_y,mapped_x,mapped_y\n1,2,20,4,0,2\n");
  });

  test.each([
    ["a,b\n1,2\n", "no-such-column"],
    ["x,y\n1,b\n", "not-a-number"],
    ["", "empty-table"],
  ])("%j is refused with %s", (text, code) => {
    expect(mapCsv(text, toFixed, "moving")).toMatchObject({ ok: false, diagnostics: [{ code }] });
  });
});

describe("GeoJSON through a registration", () => {
  const map = (value: unknown) => mapGeoJson(JSON.stringify(value), toFixed);
  const parsed = (value: unknown) => {
    const result = map(value);
    return result.ok ? { ...result.value, text: JSON.parse(result.value.text) } : result;
  };

  test("every kind of geometry is mapped, and the rest stays", () => {
    const ring = [
      [20, 0],
      [22, 0],
      [22, 2, 7],
      [20, 0],
    ];
    const mappedRing = [
      [0, 0],
      [1, 0],
      [1, 1, 7],
      [0, 0],
    ];
    const feature = (geometry: unknown) => ({
      type: "Feature",
      id: 3,
      bbox: [0, 0, 1, 1],
      properties: { a: [1] },
      geometry,
    });
    const kept = (geometry: unknown) => ({ type: "Feature", id: 3, properties: { a: [1] }, geometry });
    expect(
      parsed({
        type: "FeatureCollection",
        features: [
          feature({ type: "Polygon", coordinates: [ring] }),
          feature({ type: "MultiPolygon", coordinates: [[ring]] }),
          feature({ type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [20, 0] }] }),
          feature(null),
        ],
      }),
    ).toEqual({
      text: {
        type: "FeatureCollection",
        features: [
          kept({ type: "Polygon", coordinates: [mappedRing] }),
          kept({ type: "MultiPolygon", coordinates: [[mappedRing]] }),
          kept({ type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [0, 0] }] }),
          kept(null),
        ],
      },
      points: 9,
      outside: 0,
    });
  });

  test("a shape that the transform does not reach loses its geometry", () => {
    const nowhere = mapGeoJson('{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]}}', () =>
      Float64Array.of(Number.NaN, 1),
    );
    expect(nowhere).toEqual({
      ok: true,
      value: { text: '{"type":"Feature","geometry":null}\n', points: 1, outside: 1 },
    });
  });

  const nested = (n: number): unknown =>
    n === 0 ? { type: "Point", coordinates: [1, 2] } : { type: "GeometryCollection", geometries: [nested(n - 1)] };
  test.each([
    [[], "Expected a GeoJSON object, but found something else"],
    [{ type: "Topology" }, 'Expected a type such as Point or Polygon, but found "Topology"'],
    [{ type: "__proto__", coordinates: [] }, 'Expected a type such as Point or Polygon, but found "__proto__"'],
    [{ type: "Point", coordinates: ["1", 2] }, "Expected two finite numbers for a position of a Point"],
    [{ type: "Polygon", coordinates: [[1, 2]] }, "Expected a list of coordinates in a Polygon"],
    [nested(20), "Expected geometries nested at most 16 deep"],
  ])("%j is refused", (value, message) => {
    expect(map(value)).toMatchObject({ ok: false, diagnostics: [{ code: "not-geojson", message }] });
  });

  test("text that is no JSON is refused, however deep", () => {
    expect(mapGeoJson("[".repeat(1e5), toFixed)).toMatchObject({ ok: false, diagnostics: [{ code: "not-json" }] });
  });
});
