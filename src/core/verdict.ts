import type { Diagnostic } from "./diagnostic.js";

/** How far a registration can be believed. */
export type VerdictStatus = "accepted" | "suspect" | "rejected";

/** A named number; `unit` is `px`, `%`, `deg`, a world unit, or absent for counts and pure numbers. */
export interface Metric {
  readonly value: number;
  readonly unit?: string;
}

/** Named numbers that describe a result, kebab-case: compared by `require:`, shown in the report. */
export type Metrics = Readonly<Record<string, Metric>>;

/**
 * Says whether a registration can be believed, and why.
 *
 * `metrics` holds the numbers that the reasons rest on (see docs of `verdict-metrics` in src/math/verdict.ts).
 */
export interface Verdict {
  readonly status: VerdictStatus;
  /** Each gate that did not pass, in words, with what to try next. Empty when accepted. */
  readonly reasons: readonly Diagnostic[];
  readonly metrics: Metrics;
  /** Why the estimator stopped: "converged", "too-few-matches", … */
  readonly stopped: string;
  /** Where several ways to the map were tried: each, in the order of trying, and which of them this is. */
  readonly candidates?: readonly Candidate[];
  /** How a registration by descent came to its map. */
  readonly course?: Course;
}

/** The steps of a registration by descent, and where it looked. */
export interface Course {
  /** What was climbed or descended, in words: "correlation", "mutual information", "mean square difference". */
  readonly measure: string;
  /** Every step, in order: coarse levels first. */
  readonly steps: readonly CourseStep[];
  /** Starts around the given one from which the true map is found; absent where it was followed from the given start alone. */
  readonly capture?: Capture;
  /** How far the map that was found lies from the given start. */
  readonly found?: Departure;
}

export interface CourseStep {
  /** Pyramid level; 0 is the finest that was looked at. */
  readonly level: number;
  /** The measure before the step. Values of different levels do not compare. */
  readonly value: number;
  /** How far the step moved a place of the fixed image, at most, pixels of that image. */
  readonly step: number;
}

/** How far the images may be from the start, either way. */
export interface Capture {
  /** Radians. */
  readonly rotation: number;
  /** Smallest and largest factor. */
  readonly scale: readonly [number, number];
  /** Share of the fixed image's long side. */
  readonly shift: number;
}

/** From one map to another, about the middle of the fixed image. */
export interface Departure {
  /** Radians, −π to π. */
  readonly rotation: number;
  /** Growth of lengths. */
  readonly scale: number;
  /** Share of the fixed image's long side. */
  readonly shift: number;
}

/** One of the ways that were tried to register two images. */
export interface Candidate {
  /** In words: "SIFT features", "structure". */
  readonly method: string;
  readonly chosen: boolean;
  /** What its own evidence says; `failed` when it gave no map. */
  readonly status: VerdictStatus | "failed";
  readonly metrics: Metrics;
  /** Its first reason, or why it gave no map. */
  readonly reason?: string;
  /** Root mean square distance from the chosen map over the fixed image, pixels of the moving image. */
  readonly distance?: number;
}
