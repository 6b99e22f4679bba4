// Writes oclif.manifest.json: with it the command line starts without loading every command to learn its flags.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = `${root}oclif.manifest.json`;

// A stale manifest would hide new commands, so it goes first, whatever happens next.
rmSync(target, { force: true });
if (existsSync(`${root}dist/src/cli/commands`)) {
  const { Plugin } = await import("@oclif/core");
  const plugin = new Plugin({ root, type: "core", ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  // Paths of the build machine stay out; keys are sorted so that the same commands give the same file.
  const commands = Object.fromEntries(Object.entries(plugin.manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(target, `${JSON.stringify({ commands, version: plugin.manifest.version }, null, 2)}\n`);
}
