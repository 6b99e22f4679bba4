/**
 * Tells whether a disc lies on observed pixels alone.
 *
 * One byte per pixel: the chessboard distance to the nearest unobserved pixel, up to 255. Outside of the image counts as
 * observed: an image's edge is the detectors' own affair.
 *
 * @param mask  0 where there is no observation
 */
export function clearOf(
  mask: Uint8Array,
  width: number,
  height: number,
): (x: number, y: number, radius: number) => boolean {
  const far = 255;
  const d = new Uint8Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (mask[i] === 0) continue;
      let least = far;
      if (x > 0) least = Math.min(least, d[i - 1]! + 1);
      if (y > 0) {
        least = Math.min(least, d[i - width]! + 1);
        if (x > 0) least = Math.min(least, d[i - width - 1]! + 1);
        if (x + 1 < width) least = Math.min(least, d[i - width + 1]! + 1);
      }
      d[i] = least;
    }
  }
  for (let y = height - 1, i = d.length - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--, i--) {
      let least = d[i]!;
      if (x + 1 < width) least = Math.min(least, d[i + 1]! + 1);
      if (y + 1 < height) {
        least = Math.min(least, d[i + width]! + 1);
        if (x + 1 < width) least = Math.min(least, d[i + width + 1]! + 1);
        if (x > 0) least = Math.min(least, d[i + width - 1]! + 1);
      }
      d[i] = least;
    }
  }
  return (x, y, radius) => {
    const cx = Math.min(width - 1, Math.max(0, Math.round(x)));
    const cy = Math.min(height - 1, Math.max(0, Math.round(y)));
    return d[cy * width + cx]! > Math.min(radius, far - 1);
  };
}
