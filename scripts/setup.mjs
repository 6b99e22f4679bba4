// Installs what is missing and builds what is stale. Needs Node alone; runs before `npm test` and `npm run demo`.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Tiepoint needs Node 20.19 or newer; this is ${process.versions.node}. Install Node 22 or 24 from nodejs.org.`,
  );
  process.exit(1);
}

function digest(paths) {
  const hash = createHash("sha256");
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) for (const name of readdirSync(full).sort()) visit(join(path, name));
    else hash.update(path).update("\0").update(readFileSync(full));
  };
  for (const path of paths) visit(path);
  return hash.digest("hex");
}

function step(name, stamp, wanted, run) {
  const file = join(root, stamp);
  if (existsSync(file) && readFileSync(file, "utf8") === wanted) return;
  console.error(`setup: ${name}`);
  const done = run();
  if (done.status !== 0) {
    console.error(`setup: ${name} failed. Run it again, or see CONTRIBUTING.md.`);
    process.exit(1);
  }
  writeFileSync(file, wanted);
}

const npm = process.env.npm_execpath;
const install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
step("installing packages", "node_modules/.tiepoint-installed", digest(["package-lock.json"]), () =>
  npm?.endsWith(".js")
    ? spawnSync(process.execPath, [npm, ...install], { cwd: root, stdio: ["ignore", 2, 2] })
    : spawnSync(process.platform === "win32" ? "npm.cmd" : "npm", install, {
        cwd: root,
        stdio: ["ignore", 2, 2],
        shell: process.platform === "win32",
      }),
);
step("building", "dist/.tiepoint-built", digest(["src", "plugins", "scripts", "tsconfig.json", "package.json"]), () =>
  spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: ["ignore", 2, 2] }),
);
