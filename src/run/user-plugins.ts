import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { AnyPlugin } from "../core/plugin.js";

/**
 * A plugin of the user with the digest of its module in its version, and so in every key: people change their own code without
 * raising its version. Modules that this one imports do not count.
 */
export function withModuleDigest(plugin: AnyPlugin, url: string): AnyPlugin {
  const digest = moduleDigest(url);
  return digest === undefined ? plugin : { ...plugin, version: `${plugin.version}+${digest.slice(0, 12)}` };
}

/** Digests of plugin modules by file name, for the lock. */
export function moduleDigests(urls: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    urls.flatMap((url) => {
      const digest = moduleDigest(url);
      return digest === undefined ? [] : [[basename(fileURLToPath(url)), digest]];
    }),
  );
}

function moduleDigest(url: string): string | undefined {
  return url.startsWith("file:")
    ? createHash("sha256")
        .update(readFileSync(fileURLToPath(url)))
        .digest("hex")
    : undefined;
}
