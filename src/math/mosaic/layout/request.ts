import type { Diagnostic } from "../../../core/diagnostic.js";
import type { Image } from "../../../core/image.js";
import type { Table } from "../../../core/plugin.js";

/** How tiles with a running number follow one another. */
export const orders = ["auto", "row", "row-snake", "column", "column-snake"] as const;
export type Order = (typeof orders)[number];
/** Where the first tile lies. */
export const origins = ["auto", "top-left", "top-right", "bottom-left", "bottom-right"] as const;
export type Origin = (typeof origins)[number];

/** Tiles, and what is known of where they are. */
export interface LayoutRequest {
  readonly ids: readonly string[];
  readonly images: readonly Image[];
  /** Columns id and file, and fields such as row and col. */
  readonly names?: Table;
  readonly positions?: Table;
  /** Shares of the tile's width and height. */
  readonly overlap?: readonly [x: number, y: number];
  readonly order: Order;
  readonly origin: Origin;
  readonly columns?: number;
  readonly rows?: number;
  /** Unit of the positions where their columns do not say it. */
  readonly unit: "auto" | "px" | "um";
  /** Micrometres per pixel, for positions in micrometres. */
  readonly pixelSize?: number;
}

/** Where the places come from, before anything was looked at. */
export type Source =
  | {
      readonly kind: "places";
      /** In words: "the table of positions". */
      readonly words: string;
      /** Pixels, or another unit where `scaled` is false; NaN for tiles without a place. */
      readonly x: Float64Array;
      readonly y: Float64Array;
      readonly scaled: boolean;
      readonly notes: readonly Diagnostic[];
    }
  | {
      readonly kind: "grid";
      readonly words: string;
      /** Coordinates in steps; which of them runs along x is not known. */
      readonly x: Int32Array;
      readonly y: Int32Array;
      /** Whether names say which is which. */
      readonly labelled: boolean;
      readonly notes: readonly Diagnostic[];
    }
  | {
      readonly kind: "sequence";
      readonly words: string;
      readonly numbers: Int32Array;
      readonly notes: readonly Diagnostic[];
    };
