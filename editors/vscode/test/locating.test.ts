import assert from "node:assert/strict";
import { test } from "node:test";

import { locate, type Surroundings } from "../src/locating";

function around(executables: string[], more: Partial<Surroundings> = {}): Surroundings {
  return {
    setting: "",
    own: undefined,
    path: "/usr/bin:/opt/bin",
    home: "/home/ada",
    windows: false,
    isExecutable: (file) => executables.includes(file),
    ...more,
  };
}

test("the setting is taken before everything else", () => {
  const places = around(["/my/rolecall", "/usr/bin/rolecall"], { setting: "/my/rolecall", own: "/own/rolecall" });
  assert.deepEqual(locate(places), { command: "/my/rolecall", source: "setting" });
});

test("a tilde in the setting is the home folder", () => {
  const places = around(["/home/ada/bin/rolecall"], { setting: "~/bin/rolecall" });
  assert.deepEqual(locate(places), { command: "/home/ada/bin/rolecall", source: "setting" });
});

test("a setting that names no program is a problem, not a reason to start another", () => {
  const found = locate(around(["/usr/bin/rolecall"], { setting: "/gone/rolecall" }));
  assert.match((found as { problem: string }).problem, /rolecall\.server\.path.*\/gone\/rolecall/);
});

test("a relative setting is refused: it would be looked up in the workspace", () => {
  const found = locate(around([".venv/bin/rolecall"], { setting: ".venv/bin/rolecall" }));
  assert.match((found as { problem: string }).problem, /not an absolute path/);
});

test("the extension's own install is taken before what is on PATH", () => {
  const places = around(["/usr/bin/rolecall"], { own: "/own/rolecall" });
  assert.deepEqual(locate(places), { command: "/own/rolecall", source: "own" });
});

test("the first on PATH is taken, and ~/.local/bin is looked into last", () => {
  assert.deepEqual(locate(around(["/opt/bin/rolecall", "/home/ada/.local/bin/rolecall"])), {
    command: "/opt/bin/rolecall",
    source: "path",
  });
  assert.deepEqual(locate(around(["/home/ada/.local/bin/rolecall"])), {
    command: "/home/ada/.local/bin/rolecall",
    source: "path",
  });
});

test("relative folders of PATH are not looked into", () => {
  assert.equal(locate(around(["bin/rolecall", "rolecall"], { path: "bin::." })), undefined);
});
