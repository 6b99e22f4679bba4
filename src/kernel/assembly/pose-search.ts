// All shifts of many poses at once, by fast Fourier transforms of fields.
import { fftColumns } from "./fft";
import { drawPose } from "./pose-canvas";
import { bestShifts, overlapGain } from "./pose-peaks";
import { closeRows, correlateCells, correlateFields } from "./pose-spectra";

/** float64 numbers per pose, and per result: one pose and its twin have `count` times value, x and y each. */
const POSE_BYTES: usize = 96;

/** [y][x] to the spectrum [kx][ky], over `intermediate` columns of x alone; the others are 0. */
@inline function forward(
  plane: usize, bytes: usize, stride: i32, spectrum: usize, spectrumStride: i32, nx: i32, ny: i32, columns: i32,
  tableX: usize, tableY: usize, work: usize,
): void {
  const im = spectrum + bytes;
  const blocks = (min(columns, nx) + 3) >> 2;
  fftColumns(0, blocks, plane, plane + bytes, stride, spectrum, im, spectrumStride, true, ny, tableY, work);
  const used = (<usize>(blocks << 2) * <usize>spectrumStride) << 2;
  const whole = (<usize>nx * <usize>spectrumStride) << 2;
  memory.fill(spectrum + used, 0, whole - used);
  memory.fill(im + used, 0, whole - used);
  fftColumns(0, ny >> 2, spectrum, im, spectrumStride, spectrum, im, spectrumStride, false, nx, tableX, work);
}

/** The spectrum [kx][ky] to [y][x], times nx ny. */
@inline function backward(
  spectrum: usize, bytes: usize, spectrumStride: i32, plane: usize, stride: i32, nx: i32, ny: i32,
  tableX: usize, tableY: usize, work: usize,
): void {
  // Real and imaginary parts exchanged.
  const im = plane + bytes;
  fftColumns(0, ny >> 2, spectrum + bytes, spectrum, spectrumStride, im, plane, stride, true, nx, tableX, work);
  fftColumns(0, nx >> 2, im, plane, stride, im, plane, stride, false, ny, tableY, work);
}

/**
 * For poses [lo, hi) and their twins, turned by 180 degrees: the best shifts by normalised correlation of fields.
 *
 * Energies and overlap change slowly with the shift; they are computed for cells of q by q pixels, and linear between [1].
 *
 * @param fixed  spectra of the fixed fields (re2, im2, re4, im4), `planeBytes` apart, gains included
 * @param fixedCells  spectra of the fixed cells (energy re, im, valid re, im), `cellBytes` apart, gains included
 * @param fields, squares  of the moving image, see `drawPose`
 * @param poses  see `drawPose`
 * @param q  2 or 4; log2 of it is `shift`
 * @param area, least  the overlap counts as a share of `area` pixels, and must be at least `least` of it
 * @param tables  twiddles for nx, ny, nx / q, ny / q, `tableBytes` apart
 * @param scratch  8 planes, 10 cell planes, 64 max(nx, ny) bytes, and 4 (nx / q + ny + 8) bytes
 * @param out  for each pose 2 count times value, x, y
 *
 * [1] D. Padfield, "Masked object registration in the Fourier domain", IEEE TIP 21 (2012), doi:10.1109/TIP.2011.2181402
 */
export function searchPoses(
  lo: i32, hi: i32, fixed: usize, planeBytes: usize, fixedCells: usize, cellBytes: usize,
  fields: usize, squares: usize, width: i32, height: i32, poses: usize, nx: i32, ny: i32, shift: i32,
  area: f32, least: f32, tables: usize, tableBytes: usize, count: i32, scratch: usize, out: usize,
): void {
  const cx = nx >> shift, cy = ny >> shift;
  const strideX = nx + 16, strideY = ny + 16, cellX = cx + 16, cellY = cy + 16;
  const canvas = scratch;
  const spectra = canvas + 4 * planeBytes;
  const cells = spectra + 4 * planeBytes;
  const cellSpectrum = cells + 2 * cellBytes;
  const products = cellSpectrum + 2 * cellBytes;
  const work = products + 6 * cellBytes;
  const line = work + (<usize>max(nx, ny) << 6);
  const rowBest = line + (<usize>(cx + 8) << 2);
  const tableY = tables + tableBytes, tableCX = tableY + tableBytes, tableCY = tableCX + tableBytes;
  for (let i = <usize>lo; i < <usize>hi; i++) {
    const pose = poses + i * POSE_BYTES;
    const across = <i32>load<f64>(pose, 80);
    drawPose(
      fields, squares, width, height, pose, canvas, planeBytes, strideX, ny, cells, cellBytes, cellX, cy, shift,
    );
    for (let f: usize = 0; f < 2; f++) {
      const plane = canvas + 2 * f * planeBytes;
      const spectrum = spectra + 2 * f * planeBytes;
      forward(plane, planeBytes, strideX, spectrum, strideY, nx, ny, across, tables, tableY, work);
      closeRows(spectrum, strideY, nx, ny);
      closeRows(spectrum + planeBytes, strideY, nx, ny);
    }
    correlateFields(fixed, spectra, canvas, planeBytes, strideY, nx, ny);
    backward(canvas, planeBytes, strideY, spectra, strideX, nx, ny, tables, tableY, work);
    forward(cells, cellBytes, cellX, cellSpectrum, cellY, cx, cy, (across >> shift) + 1, tableCX, tableCY, work);
    closeRows(cellSpectrum, cellY, cx, cy);
    closeRows(cellSpectrum + cellBytes, cellY, cx, cy);
    correlateCells(fixedCells, cellSpectrum, products, cellBytes, cellY, cx, cy);
    for (let s: usize = 0; s < 3; s++) {
      const product = products + 2 * s * cellBytes;
      backward(product, cellBytes, cellY, cells, cellX, cx, cy, tableCX, tableCY, work);
      memory.copy(product, cells, 2 * cellBytes);
    }
    for (let twin: usize = 0; twin < 2; twin++) {
      const at = products + twin * cellBytes;
      const overlap = at + 4 * cellBytes;
      overlapGain(at, at + 2 * cellBytes, overlap, cellX, cx, cy, area, least);
      bestShifts(
        spectra + twin * planeBytes, strideX, nx, ny, overlap, cellX, 1 << shift, <i32>twin, line, rowBest, count,
        out + (2 * i + twin) * <usize>count * 24,
      );
    }
  }
}
