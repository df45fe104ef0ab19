// Runs the tests of the parts that need no editor, with node's own runner.
import { spawnSync } from "node:child_process";
import { globSync, rmSync } from "node:fs";
import { build } from "esbuild";

rmSync("out/test", { recursive: true, force: true });
await build({
  entryPoints: globSync("test/*.test.ts"),
  outdir: "out/test",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  sourcemap: "inline",
  logLevel: "warning",
});
const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...globSync("out/test/*.cjs")], {
  stdio: "inherit",
});
process.exit(run.status ?? 1);
