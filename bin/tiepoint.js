#!/usr/bin/env node
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Tiepoint needs Node 20.19 or newer; this is ${process.versions.node}. Install Node 22 or 24 from nodejs.org.`,
  );
  process.exit(5);
}
const { existsSync } = await import("node:fs");
const entry = new URL("../dist/src/cli/main.js", import.meta.url);
if (!existsSync(entry)) {
  console.error("Tiepoint is not built yet. Run `npm run build` in its folder first.");
  process.exit(5);
}
const { main } = await import(entry.href);
await main(process.argv.slice(2));
