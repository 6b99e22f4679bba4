/**
 * The script of the report: viewers, sortable tables, and details that open for print. Plain JavaScript for browsers.
 *
 * It reads pictures from the page and nothing else; it makes no request, stores nothing, and puts no text of a run into
 * the page except by `textContent`. Without it the page shows still pictures.
 */
export const viewerScript = `(() => {
"use strict";
document.documentElement.classList.add("js");
const still = matchMedia("(prefers-reduced-motion: reduce)");

function viewer(root) {
  const $ = (q) => root.querySelector(q);
  const canvas = $("canvas"), ctx = canvas.getContext("2d"), range = $("input"), label = $("[data-label]"), legend = $("[data-legend]"), where = $("[data-where]");
  const factor = Number(root.dataset.factor), perPixel = Number(root.dataset.spacing), unit = root.dataset.unit;
  const modes = {
    overlay: { label: "Balance", min: 0, max: 100, value: 50, legend: "Magenta: brighter in the fixed image. Green: brighter in the moving one. Gray, black and white: they agree." },
    swipe: { label: "Divider", min: 0, max: 100, value: 50, legend: "Left of the line the fixed image, right of it the moving one. Drag the line." },
    flicker: { label: "Speed", min: 2, max: 30, value: 12, legend: "The two images take turns. What jumps does not fit. Space shows the other one." },
    checker: { label: "Field size", min: 8, max: 200, value: 48, legend: "Fields of the fixed and the moving image in turn. Follow a line across the borders." },
    difference: { label: "Gain", min: 1, max: 8, value: 2, legend: "Bright where brightness differs. Tells little where the two images are of different kinds." },
  };
  let mode = "", state = "after", scale = 1, tx = 0, ty = 0, fit = true, phase = 0, timer = 0, W = 0, H = 0;
  const pictures = {}, work = document.createElement("canvas"), tools = work.getContext("2d");

  function load(role) {
    const img = $("img[data-role=" + role + "]");
    const c = document.createElement("canvas");
    c.width = img.naturalWidth; c.height = img.naturalHeight;
    const g = c.getContext("2d", { willReadFrequently: true });
    g.drawImage(img, 0, 0);
    const rgba = g.getImageData(0, 0, c.width, c.height).data, n = c.width * c.height, gray = new Uint8ClampedArray(n);
    for (let i = 0; i < n; i++) gray[i] = (77 * rgba[4 * i] + 150 * rgba[4 * i + 1] + 29 * rgba[4 * i + 2] + 128) >> 8;
    pictures[role] = { canvas: c, rgba, gray };
  }

  function compose() {
    if (!W || mode === "swipe" || mode === "flicker") return;
    const f = pictures.fixed, m = pictures[state], image = tools.createImageData(W, H), out = image.data, value = Number(range.value);
    if (mode === "overlay") {
      const b = value / 50, wf = Math.min(1, 2 - b), wm = Math.min(1, b);
      for (let i = 0, k = 0; i < f.gray.length; i++, k += 4) {
        const fixed = f.rgba[k + 3] ? f.gray[i] * wf : 0;
        out[k] = out[k + 2] = fixed; out[k + 1] = m.rgba[k + 3] ? m.gray[i] * wm : 0; out[k + 3] = 255;
      }
    } else if (mode === "difference") {
      for (let i = 0, k = 0; i < f.gray.length; i++, k += 4) {
        const both = f.rgba[k + 3] && m.rgba[k + 3], d = both ? Math.min(255, Math.abs(f.gray[i] - m.gray[i]) * value) : 0;
        out[k] = both ? d : 40; out[k + 1] = both ? d * d / 300 : 44; out[k + 2] = both ? d * 0.35 + 24 : 52; out[k + 3] = 255;
      }
    } else {
      for (let y = 0, k = 0; y < H; y++) for (let x = 0; x < W; x++, k += 4) {
        const from = (Math.floor(x / value) + Math.floor(y / value)) % 2 ? m.rgba : f.rgba;
        out[k] = from[k]; out[k + 1] = from[k + 1]; out[k + 2] = from[k + 2]; out[k + 3] = from[k + 3];
      }
    }
    tools.putImageData(image, 0, 0);
  }

  function tag(text, right) {
    const dpr = devicePixelRatio || 1;
    ctx.font = 600 + " " + 12 * dpr + "px system-ui, sans-serif";
    const w = ctx.measureText(text).width + 14 * dpr, x = right ? canvas.width - w - 8 * dpr : 8 * dpr;
    ctx.fillStyle = "rgba(12,15,20,.72)"; ctx.fillRect(x, 8 * dpr, w, 22 * dpr);
    ctx.fillStyle = "#fff"; ctx.fillText(text, x + 7 * dpr, 23 * dpr);
  }

  function bar() {
    const dpr = devicePixelRatio || 1, want = 110 * dpr / scale * perPixel;
    let nice = Math.pow(10, Math.floor(Math.log10(want)));
    nice *= want / nice >= 5 ? 5 : want / nice >= 2 ? 2 : 1;
    const w = nice / perPixel * scale, x = 12 * dpr, y = canvas.height - 14 * dpr, text = String(Number(nice.toPrecision(3))) + " " + unit;
    ctx.font = 600 + " " + 12 * dpr + "px system-ui, sans-serif";
    ctx.fillStyle = "rgba(12,15,20,.72)"; ctx.fillRect(x - 6 * dpr, y - 22 * dpr, Math.max(w, ctx.measureText(text).width) + 12 * dpr, 30 * dpr);
    ctx.fillStyle = "#fff"; ctx.fillRect(x, y, w, 3 * dpr); ctx.fillText(text, x, y - 6 * dpr);
  }

  function draw() {
    if (!W) return;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.fillStyle = "#282c34"; ctx.fillRect(0, 0, canvas.width, canvas.height);
    const put = (c) => { ctx.setTransform(scale, 0, 0, scale, tx, ty); ctx.imageSmoothingEnabled = scale < 3; ctx.drawImage(c, 0, 0); ctx.setTransform(1, 0, 0, 1, 0, 0); };
    if (mode === "swipe") {
      put(pictures.fixed.canvas);
      const x = tx + Number(range.value) / 100 * W * scale;
      ctx.save(); ctx.beginPath(); ctx.rect(x, 0, canvas.width, canvas.height); ctx.clip();
      ctx.fillStyle = "#282c34"; ctx.fillRect(0, 0, canvas.width, canvas.height); put(pictures[state].canvas); ctx.restore();
      ctx.fillStyle = "#fff"; ctx.fillRect(x - 1, 0, 2, canvas.height);
      tag("fixed", false); tag("moving, " + state, true);
    } else if (mode === "flicker") {
      put(phase ? pictures[state].canvas : pictures.fixed.canvas);
      tag(phase ? "moving, " + state : "fixed", false);
    } else put(work);
    bar();
  }

  function size() {
    const dpr = devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
    if (!w || !h || !W) return;
    canvas.width = Math.round(w * dpr); canvas.height = Math.round(h * dpr);
    if (fit) home();
    draw();
  }
  function home() { scale = Math.min(canvas.width / W, canvas.height / H); tx = (canvas.width - W * scale) / 2; ty = (canvas.height - H * scale) / 2; fit = true; }
  function zoom(by, x, y) {
    if (!W) return;
    const least = Math.min(canvas.width / W, canvas.height / H) * 0.5, to = Math.min(40, Math.max(least, scale * by));
    tx = x - (x - tx) * to / scale; ty = y - (y - ty) * to / scale; scale = to; fit = false; draw();
  }
  function beat() {
    clearInterval(timer); timer = 0;
    if (mode === "flicker" && !still.matches) timer = setInterval(() => { if (root.offsetParent) { phase ^= 1; draw(); } }, 10000 / Number(range.value) / 2);
  }
  function show(nextMode, nextState) {
    if (nextMode !== mode) { mode = nextMode; const m = modes[mode]; range.min = m.min; range.max = m.max; range.value = m.value; label.textContent = m.label; legend.textContent = m.legend; phase = 0; }
    state = nextState;
    for (const b of root.querySelectorAll("[data-mode]")) b.setAttribute("aria-pressed", String(b.dataset.mode === mode));
    for (const b of root.querySelectorAll("[data-state]")) b.setAttribute("aria-pressed", String(b.dataset.state === state));
    compose(); beat(); draw();
  }

  root.addEventListener("click", (e) => {
    const b = e.target.closest("button");
    if (!b) return;
    const c = [canvas.width / 2, canvas.height / 2];
    if (b.dataset.mode) show(b.dataset.mode, state);
    else if (b.dataset.state) show(mode, b.dataset.state);
    else if (b.dataset.zoom === "in") zoom(1.5, c[0], c[1]);
    else if (b.dataset.zoom === "out") zoom(1 / 1.5, c[0], c[1]);
    else { home(); draw(); }
  });
  range.addEventListener("input", () => { modes[mode].value = Number(range.value); compose(); beat(); draw(); });
  canvas.addEventListener("wheel", (e) => {
    if (!e.ctrlKey && !e.metaKey && document.activeElement !== canvas) return;
    e.preventDefault(); const dpr = devicePixelRatio || 1; zoom(Math.exp(-e.deltaY / 400), e.offsetX * dpr, e.offsetY * dpr);
  }, { passive: false });
  let drag = null;
  canvas.addEventListener("pointerdown", (e) => {
    const dpr = devicePixelRatio || 1, line = tx + Number(range.value) / 100 * W * scale;
    drag = { x: e.clientX, y: e.clientY, line: mode === "swipe" && Math.abs(e.offsetX * dpr - line) < 22 * dpr };
    canvas.setPointerCapture(e.pointerId); canvas.focus({ preventScroll: true });
  });
  canvas.addEventListener("pointermove", (e) => {
    const dpr = devicePixelRatio || 1, px = (e.offsetX * dpr - tx) / scale, py = (e.offsetY * dpr - ty) / scale;
    where.textContent = px >= 0 && py >= 0 && px < W && py < H ? "fixed pixel " + Math.round(px * factor - 0.5) + ", " + Math.round(py * factor - 0.5) : "";
    if (!drag) return;
    if (drag.line) { range.value = modes.swipe.value = Math.max(0, Math.min(100, px / W * 100)); }
    else { tx += (e.clientX - drag.x) * dpr; ty += (e.clientY - drag.y) * dpr; drag.x = e.clientX; drag.y = e.clientY; fit = false; }
    draw();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { drag = null; });
  canvas.addEventListener("dblclick", () => { home(); draw(); });
  root.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target === range) return;
    const c = [canvas.width / 2, canvas.height / 2], step = 40 * (devicePixelRatio || 1), names = Object.keys(modes), at = "12345".indexOf(e.key);
    const pan = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[e.key];
    if (at >= 0) show(names[at], state);
    else if (e.key === "b" || e.key === "B") show(mode, state === "after" ? "before" : "after");
    else if (e.key === "+" || e.key === "=") zoom(1.25, c[0], c[1]);
    else if (e.key === "-") zoom(0.8, c[0], c[1]);
    else if (e.key === "0") { home(); draw(); }
    else if (e.key === " " && e.target === canvas && mode === "flicker") { phase ^= 1; draw(); }
    else if (pan && e.target === canvas) { tx += pan[0]; ty += pan[1]; fit = false; draw(); }
    else return;
    e.preventDefault();
  });

  Promise.all(["fixed", "before", "after"].map((role) => $("img[data-role=" + role + "]").decode())).then(() => {
    for (const role of ["fixed", "before", "after"]) load(role);
    W = work.width = pictures.fixed.canvas.width; H = work.height = pictures.fixed.canvas.height;
    canvas.style.aspectRatio = W + " / " + Math.min(H, W * 1.2);
    new ResizeObserver(size).observe(canvas);
    size(); show(mode || "overlay", state); root.dataset.ready = "yes";
  }).catch(() => { root.hidden = true; const other = root.nextElementSibling; if (other) other.classList.add("shown"); });
}
for (const root of document.querySelectorAll(".viewer")) viewer(root);

for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const th = button.closest("th"), body = th.closest("table").tBodies[0], at = th.cellIndex, down = th.getAttribute("aria-sort") === "ascending";
  for (const other of th.parentNode.children) other.removeAttribute("aria-sort");
  th.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = (row) => row.cells[at].dataset.value ?? row.cells[at].textContent;
  const rows = [...body.rows].sort((a, b) => { const x = key(a), y = key(b), d = x === "" || y === "" ? (x === "") - (y === "") : (Number(x) - Number(y) || (isNaN(x) || isNaN(y) ? x.localeCompare(y, "en", { numeric: true }) : 0)); return down && x !== "" && y !== "" ? -d : d; });
  body.append(...rows);
});
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => {
  const text = document.getElementById(button.dataset.copy).innerText, done = () => { button.textContent = "Copied"; };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, pick); else pick();
  function pick() { const r = document.createRange(); r.selectNodeContents(document.getElementById(button.dataset.copy)); const s = getSelection(); s.removeAllRanges(); s.addRange(r); button.textContent = "Selected: press Ctrl+C"; }
});
const openTarget = () => { const id = decodeURIComponent(location.hash.slice(1)), at = id && document.getElementById(id); if (at) { const d = at.closest("details"); if (d) d.open = true; at.scrollIntoView(); } };
addEventListener("hashchange", openTarget); openTarget();
addEventListener("beforeprint", () => { for (const d of document.querySelectorAll("details:not(.long)")) d.open = true; });
})();`;
