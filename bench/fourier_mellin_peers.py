"""Pairs of a known rotation, scale and shift, and the usual Fourier-Mellin way of OpenCV and scikit-image on them. Argument: scratch.

Reads a line of JSON with scene (a file), rotation (degrees), scale, shift (share of the side), sigma (grey levels of noise), width, height and
seed; writes fixed.raw and moving.raw (bytes) and answers with the true map (fixed pixels to moving ones) and each peer's map and time.
Both views are cubic samples of one large photograph, smoothed to their own pixel size first. One thread.
"""
import json, os, sys, time

os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
import cv2
import numpy as np

scratch = sys.argv[1]
cv2.setNumThreads(1)
photos = {}


def photo(name):
    if name not in photos: photos[name] = cv2.imread(name, cv2.IMREAD_GRAYSCALE).astype(np.float32)
    return photos[name]


def view(source, pixel, rotation, middle, width, height):
    """Pixels of `pixel` source pixels, turned; and the map from them to the source."""
    a = np.deg2rad(rotation); r = pixel * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    m = np.eye(3); m[:2, :2] = r; m[:2, 2] = middle - r @ [(width - 1) / 2, (height - 1) / 2]
    smooth = cv2.GaussianBlur(source, (0, 0), 0.5 * pixel)
    got = cv2.warpAffine(smooth, m[:2], (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT_101)
    return got, m


def make(scene, rotation, scale, shift, sigma, width, height, seed):
    rng = np.random.default_rng(seed); source = photo(scene); h, w = source.shape
    # Seen from far enough to be inside of the photograph with both views.
    far = np.hypot(width, height) / 2 * max(1, 1 / scale) + shift * max(width, height)
    pixel = min(2.5, 0.5 * min(w, h) / far)
    reach = far * pixel; middle = np.array([rng.uniform(reach, max(reach, w - reach)), rng.uniform(reach, max(reach, h - reach))])
    angle = rng.uniform(0, 2 * np.pi); away = shift * max(width, height) * pixel * np.array([np.cos(angle), np.sin(angle)])
    base = rng.uniform(-180, 180)
    fixed, f = view(source, pixel, base, middle, width, height)
    moving, m = view(source, pixel / scale, base - rotation, middle + away, width, height)
    noisy = lambda image, gain, offset: np.clip(np.rint(gain * image + offset + rng.normal(0, sigma, image.shape)), 0, 255).astype(np.uint8)
    return noisy(fixed, 1, 0), noisy(moving, rng.uniform(.8, 1.1), rng.uniform(-5, 15)), np.linalg.inv(m) @ f


def similarity(degrees, scale, width, height, shift):
    m = np.eye(3); m[:2] = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, scale); m[:2, 2] += shift
    return m


def opencv(f, m):
    """Hann windows, log-polar magnitudes, phaseCorrelate, both half turns tried, phaseCorrelate for the shift."""
    h, w = f.shape; window = cv2.createHanningWindow((w, h), cv2.CV_32F); n = max(w, h); radius = n / 2
    def polar(image):
        big = np.zeros((n, n), np.float32); big[:h, :w] = (image - image.mean()) * window
        spectrum = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(big)))).astype(np.float32)
        y, x = (np.mgrid[0:n, 0:n] - n // 2) / n; high = np.cos(np.pi * x) * np.cos(np.pi * y); high = ((1 - high) * (2 - high)).astype(np.float32)
        return cv2.warpPolar(spectrum * high, (n, 2 * n), (n // 2, n // 2), radius, cv2.INTER_LINEAR | cv2.WARP_POLAR_LOG)[:n]
    (dx, dy), _ = cv2.phaseCorrelate(polar(f), polar(m), cv2.createHanningWindow((n, n), cv2.CV_32F))
    degrees = dy * 180 / n; scale = np.exp(-dx * np.log(radius) / n); best = None
    if not .2 < scale < 5: return np.eye(3)
    for turn in (degrees, degrees + 180):
        t = similarity(turn, scale, w, h, 0)
        laid = cv2.warpAffine(m, t[:2], (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=float(m.mean()))
        (sx, sy), response = cv2.phaseCorrelate(f, laid, window)
        move = np.eye(3); move[:2, 2] = sx, sy
        if best is None or response > best[0]: best = response, t @ move
    return best[1]


peers = {f"OpenCV {cv2.__version__}": opencv}
try:
    import skimage
    from skimage.filters import difference_of_gaussians, window as taper
    from skimage.registration import phase_cross_correlation
    from skimage.transform import warp_polar

    def skimage_way(f, m):
        """The way of scikit-image's own example, with both half turns and the shift added."""
        h, w = f.shape; n = max(w, h); radius = n // 2; hann = taper("hann", (h, w))
        def polar(image):
            big = np.zeros((n, n)); big[:h, :w] = difference_of_gaussians(image, 1, 20) * hann
            return warp_polar(np.abs(np.fft.fftshift(np.fft.fft2(big))), radius=radius, output_shape=(n, n), scaling="log", order=1)[:n // 2]
        (dr, dc), _, _ = phase_cross_correlation(polar(f), polar(m), upsample_factor=10, normalization=None)
        degrees = -dr * 360 / n; scale = np.exp(dc * np.log(radius) / n); best = None
        if not .2 < scale < 5: return np.eye(3)
        for turn in (degrees, degrees + 180):
            t = similarity(turn, scale, w, h, 0)
            laid = cv2.warpAffine(m, t[:2], (w, h), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=float(m.mean()))
            (sy, sx), error, _ = phase_cross_correlation((f - f.mean()) * hann, (laid - laid.mean()) * hann, upsample_factor=10, normalization=None)
            move = np.eye(3); move[:2, 2] = -sx, -sy
            if best is None or error < best[0]: best = error, t @ move
        return best[1]

    peers[f"scikit-image {skimage.__version__}"] = skimage_way
except ImportError:
    pass

print(json.dumps(list(peers)), flush=True)
for line in sys.stdin:
    asked = json.loads(line); only = asked.pop("peers", True)
    fixed, moving, truth = make(**asked)
    fixed.tofile(os.path.join(scratch, "fixed.raw")); moving.tofile(os.path.join(scratch, "moving.raw"))
    answer = []
    for run in peers.values() if only else ():
        began = time.perf_counter(); matrix = run(fixed.astype(np.float32), moving.astype(np.float32))
        answer.append(dict(matrix=np.asarray(matrix).ravel().tolist(), ms=1000 * (time.perf_counter() - began)))
    print(json.dumps(dict(truth=truth.ravel().tolist(), peers=answer)), flush=True)
