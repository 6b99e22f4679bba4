/** A picture of a made-up world that is known at every real coordinate: what it shows there, band by band. */
export interface Scene {
  readonly bands: readonly string[];
  /** Fills `out` with one value per band, 0 (black) to 1 (white), at a scene position in units of about a pixel. */
  paint(x: number, y: number, out: Float64Array): void;
  /** The object at a position, counted from 1, or 0; present where the scene has objects such as cells. */
  readonly label?: (x: number, y: number) => number;
}

/** Where a scene is drawn in full; further out it is empty. */
export interface SceneSize {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
}
