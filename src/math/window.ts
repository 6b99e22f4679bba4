import type { Grid, Window } from "../core/grid.js";

/**
 * Cuts a window into parts of at most about `samples` pixels, in reading order, along the lines of an image's tiles where
 * that is possible.
 */
export function cutWindow(
  window: Window,
  tile: { readonly width: number; readonly height: number },
  samples: number,
): Window[] {
  if (window.width * window.height <= samples) return window.width > 0 && window.height > 0 ? [window] : [];
  const step = (unit: number, most: number) =>
    unit >= most ? Math.max(1, Math.floor(most)) : unit * Math.floor(most / unit);
  // As wide as can be, as long as some rows of tiles fit.
  const rows = Math.min(window.height, tile.height, Math.sqrt(samples));
  const width = Math.min(window.width, step(tile.width, samples / rows));
  const height = step(tile.height, samples / width);
  const parts: Window[] = [];
  const top = Math.floor(window.y / height) * height;
  const left = width === window.width ? window.x : Math.floor(window.x / width) * width;
  for (let y = top; y < window.y + window.height; y += height) {
    for (let x = left; x < window.x + window.width; x += width) {
      const part = intersect(window, { x, y, width, height });
      if (part) parts.push(part);
    }
  }
  return parts;
}

/** What two windows share. */
export function intersect(a: Window, b: Window): Window | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** The window with `halo` more pixels on each side, as far as the grid goes. */
export function grow(window: Window, halo: number, grid: Grid): Window {
  const x = Math.max(0, window.x - halo);
  const y = Math.max(0, window.y - halo);
  return {
    x,
    y,
    width: Math.min(grid.width, window.x + window.width + halo) - x,
    height: Math.min(grid.height, window.y + window.height + halo) - y,
  };
}
