"""Scaffolds for languages other than Python: tests that load, stubs that keep their signatures."""

import re
import shutil
import subprocess

import pytest

from rolecall.llm.offline.languages.declarations import read
from rolecall.task import Diagnostic, Selection

VITEST = '{"type": "module", "devDependencies": {"vitest": "^3"}}'
PRICES = """\
import type { Item } from "./item.js";

/**
 * Reads a price.
 *
 * @param text - digits, a point, two digits
 * @returns the price in cents
 * @throws {@link RangeError} where the price is negative
 */
export function parsePrice(text: string, base = 10): number {
  throw new Error("not implemented");
}

export const total = (items: readonly Item[]): number => {
  return items.reduce((sum, item) => sum + item.cents, 0);
};

// TODO: add refund(item: Item): number

export class Basket {
  private items: Item[] = [];

  /** Adds an item. TODO: how many may be in it? */
  async add(item: Item): Promise<void> {}

  get size(): number {
    if (this.items.length > 9) {
      throw new RangeError("too many");
    }
    return this.items.length;
  }
}
"""
SERVER = """\
// Copyright of somebody.
package main

import "errors"

var ErrEmpty = errors.New("empty")

type server struct{ names map[string]string }

// Find gives the address of a name. Returns ErrEmpty when the name is empty.
func (s *server) Find(name string) (string, error) {
	panic("not implemented")
}

// Serve runs until it is stopped.
func Serve(s *server, limits ...int) error {
	return nil
}

func main() { Serve(nil) }
"""


def test_go_tests_belong_to_the_package_of_the_file_and_not_of_its_folder(project):
    shop = project({"go.mod": "module example.com/srv\n\ngo 1.23\n", "srv/main.go": SERVER})

    shop.ask("qa_engineer", "tests", "srv/main.go")

    written = shop.files["srv/main_test.go"]
    assert written.startswith("package main\n")
    assert "func TestServer_Find(" in written
    assert "refuses with ErrEmpty where the name is empty" in written


def test_go_files_without_a_clause_take_that_of_the_files_beside_them(project):
    shop = project(
        {"srv/a.go": "func Half(n int) int { return n / 2 }\n", "srv/a_test.go": "package srv_test\n"}
    )

    shop.ask("qa_engineer", "tests", "srv/a.go")

    assert shop.files["srv/a_test.go"].count("package ") == 1


def test_go_tests_are_added_to_existing_ones_without_declaring_one_twice(project):
    existing = 'package main\n\nimport "testing"\n\nfunc TestServe(t *testing.T) {\n\tif Serve(nil) != nil {\n\t\tt.Fatal()\n\t}\n}\n'
    shop = project({"srv/main.go": SERVER, "srv/main_test.go": existing})

    shop.ask("qa_engineer", "tests", "srv/main.go")

    written = shop.files["srv/main_test.go"]
    assert written.startswith(existing.rstrip("\n"))
    assert len(re.findall(r"^func TestServe\(", written, re.MULTILINE)) == 1
    assert "func TestServer_Find(" in written


@pytest.mark.parametrize(
    ("package", "line"),
    [
        (VITEST, 'import { describe, it } from "vitest";'),
        (
            '{"type": "module", "scripts": {"test": "node --test"}}',
            'import { describe, it } from "node:test";',
        ),
    ],
)
def test_typescript_tests_import_what_they_use(project, package, line):
    shop = project({"package.json": package, "src/prices.ts": PRICES})

    shop.ask("qa_engineer", "tests", "src/prices.ts")

    written = shop.files["src/prices.test.ts"]
    assert line in written.splitlines()
    assert 'it.todo("gives the price in cents");' in written
    assert 'it.todo("refuses with RangeError where the price is negative");' in written
    assert 'from "./prices.js"' in written


def test_commonjs_tests_run_with_nodes_own_runner(project, tmp_path):
    code = "/** Doubles. */\nfunction double(n) { return n * 2 }\nmodule.exports = { double };\n"
    shop = project({"package.json": '{"scripts": {"test": "node --test"}}', "lib/double.js": code})

    shop.ask("qa_engineer", "tests", "lib/double.js")

    node = shutil.which("node")
    if node is None:  # the text is checked all the same
        assert 'require("node:test")' in shop.files["lib/double.test.js"]
        return
    folder = shop.write(tmp_path)
    run = subprocess.run(
        [node, "--test", "lib/double.test.js"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# todo 2" in run.stdout or "todo 2" in run.stdout


def test_tests_go_where_the_other_tests_are(project):
    shop = project(
        {"package.json": VITEST, "src/prices.ts": PRICES, "test/other.spec.ts": "import 'vitest'\n"}
    )

    shop.ask("qa_engineer", "tests", "src/prices.ts")

    assert 'from "../src/prices.js"' in shop.files["test/prices.spec.ts"]


def test_java_tests_stand_in_the_package_of_the_class(project):
    code = "package org.shop;\n\npublic class Till {\n    /** @throws IllegalStateException if the till is shut */\n    public int open(int cents) throws Exception {\n        return cents;\n    }\n}\n"
    shop = project({"pom.xml": "<project/>", "src/main/java/org/shop/Till.java": code})

    shop.ask("qa_engineer", "tests", "src/main/java/org/shop/Till.java")

    written = shop.files["src/test/java/org/shop/TillTest.java"]
    assert written.startswith("package org.shop;\n")
    assert "void openRefusesWithIllegalStateException()" in written


STUBS = {
    "prices.ts": (
        PRICES,
        "export function parsePrice(text: string, base = 10): number {",
        "throw new Error(",
    ),
    "main.go": (SERVER, "func (s *server) Find(name string) (string, error) {", "panic("),
    "lib.rs": (
        "/// Halves a number.\npub fn half(n: u32) -> Result<u32, String> {\n    todo!()\n}\n",
        "pub fn half(n: u32) -> Result<u32, String> {",
        "todo!(",
    ),
    "Till.java": (
        "public class Till {\n    public int open(int cents) {\n        throw new UnsupportedOperationException();\n    }\n}\n",
        "    public int open(int cents) {",
        "throw new UnsupportedOperationException(",
    ),
    "Till.cs": (
        "public class Till\n{\n    public int Open(int cents) => throw new NotImplementedException();\n}\n",
        "    public int Open(int cents)",
        "throw new NotImplementedException(",
    ),
    "till.js": (
        "export function open(cents, name = 'a') {\n  // TODO: open it\n}\n",
        "export function open(cents, name = 'a') {",
        "throw new Error(",
    ),
}


@pytest.mark.parametrize("path", STUBS)
def test_a_stub_keeps_its_signature_and_says_what_is_missing(project, path):
    code, signature, failure = STUBS[path]
    shop = project({path: code})

    shop.ask("developer", "implement", path)

    written = shop.files[path]
    assert signature in written.splitlines()
    assert "TODO(rolecall): " in written
    assert failure in written
    assert written.count("{") == written.count("}")


@pytest.mark.parametrize("path", STUBS)
def test_stubs_that_say_what_is_missing_are_left_as_they_are(project, path):
    shop = project({path: STUBS[path][0]})
    shop.ask("developer", "implement", path)
    before = shop.files[path]

    answer = shop.ask("developer", "implement", path)

    assert shop.files[path] == before
    assert not answer.blocks


def test_what_a_comment_promises_with_a_signature_gets_a_typed_stub(project):
    shop = project({"prices.ts": PRICES})

    shop.ask("developer", "implement", "prices.ts")

    assert "export function refund(item: Item): number {" in shop.files["prices.ts"]


def test_plain_javascript_gets_declarations_from_its_comments_and_defaults(project):
    code = (
        "/**\n * Joins.\n * @param {string[]} parts what to join\n * @returns {string}\n */\n"
        'function join(parts, by = ", ", ...more) {\n  return parts.join(by);\n}\nmodule.exports = { join };\n'
    )
    shop = project({"text.js": code})

    shop.ask("developer", "implement", "text.js")

    assert (
        "export function join(parts: string[], by?: string, ...more: unknown[]): string;"
        in shop.files["text.d.ts"]
    )


def test_an_interface_that_nothing_implements_gets_a_skeleton(project):
    code = 'package store\n\nimport "time"\n\ntype Store interface {\n\tGet(name string) (string, error)\n\tKeep(until time.Time)\n}\n'
    shop = project({"store.go": code})

    shop.ask("developer", "implement", "store.go")

    written = shop.files["store_scaffold.go"]
    assert "func (s *ScaffoldStore) Get(name string) (string, error) {" in written
    assert '"time"' in written


def test_a_file_without_stubs_is_told_so_with_what_is_left_to_do(project):
    shop = project({"a.ts": "export function one(): number {\n  // TODO: why one?\n  return 1;\n}\n"})

    answer = shop.ask("developer", "implement", "a.ts")

    assert not answer.blocks
    assert "one(): number" in shop.texts[0]
    assert "Line 2" in shop.texts[0]


@pytest.mark.parametrize(
    ("path", "code", "line", "category"),
    [
        ("a.ts", "const a = 1;\nelement.innerHTML = name;\n", 2, "XSS"),
        ("a.js", "db.query(`SELECT * FROM users WHERE name = ${name}`);\n", 1, "Injection"),
        ("a.go", 'cmd := exec.Command("sh", "-c", text)\n', 1, "Injection"),
        ("A.java", "Object o = new ObjectInputStream(in).readObject();\n", 1, "Integrity"),
        ("a.cs", "try { Run(); } catch (Exception) { }\n", 1, "exceptions"),
    ],
)
def test_weak_places_are_named_with_line_and_category(project, path, code, line, category):
    shop = project({path: code})

    answer = shop.ask("developer", "harden", path)

    assert re.search(rf"Line {line}, [^\n]*{category}", shop.texts[0])
    assert not answer.blocks


def test_a_fix_tells_each_diagnostic_with_its_line_and_writes_no_page(project):
    shop = project({"a.ts": "const a: number = 'x';\n"})

    answer = shop.ask(
        "developer",
        "fix",
        "a.ts",
        diagnostics=(Diagnostic(1, "Type 'string' is not assignable", code="TS2322"),),
    )

    assert "Line 1 (TS2322)" in shop.texts[0]
    assert not answer.blocks


def test_a_long_function_of_another_language_is_a_smell(project):
    body = "".join(f"  step({number});\n" for number in range(60))
    shop = project({"a.ts": f"export function all(): void {{\n{body}}}\n"})

    shop.ask("developer", "refactor", "a.ts")

    assert "all (line 1): long function, 62 lines" in shop.texts[0]


ODD = {
    "strings.ts": 'const a = "function no() {";\nexport function yes(a = "}"): string { return `${a} function no() {`; }\n',
    "pattern.js": "export function yes(text) { return /[\"'{(/]/.test(text) ? 1 : 2; }\nconst a = 4 / 2; // function no() {\n",
    "comment.go": "package a\n\n/* func No() { */\nfunc Yes(m map[string]interface{}) (n int, err error) { return }\n",
    "types.ts": "export function yes(a: { b: number }): { c: Map<string, number> } {\n  return a as never;\n}\n",
    "life.rs": "pub fn yes<'a>(text: &'a str, mark: char) -> &'a str { if mark == '{' { text } else { text } }\n",
    "crlf.ts": "export function yes(a: number): number {\r\n  return a;\r\n}\r\n",
    "bom.ts": "\ufeffexport function yes(): void { run(); }\n",
    "open.ts": "export function yes(): void { run(); }\nexport function broken(a {\n",
}


@pytest.mark.parametrize("path", ODD)
def test_strings_comments_and_types_do_not_mislead_the_reader(path):
    found = read(path, ODD[path])

    assert [item.name.lower() for item in found.declarations] == ["yes"]
    assert found.declarations[0].body is not None


def test_results_are_read_where_the_type_has_braces():
    found = read("a.ts", ODD["types.ts"]).declarations[0]

    assert found.result == "{ c: Map<string, number> }"
    assert found.parameters == "a: { b: number }"


def test_only_what_the_selection_touches_is_read():
    code = "export function one(): void {\n  run();\n}\nexport function two(): void {\n  run();\n}\n"

    assert [item.name for item in read("a.ts", code, Selection(5, 5)).declarations] == ["two"]


@pytest.mark.parametrize(
    "text", ["/*" * 50_000, '"' * 100_000, "(" * 100_000, "/" * 100_000, "a<" * 50_000, "`" * 99_999]
)
@pytest.mark.parametrize("path", ["a.ts", "a.go", "a.rs", "A.java", "a.cs"])
def test_hostile_text_is_read_in_linear_time(path, text):
    assert read(path, f"x = 1;\n{text}\n").declarations == ()


@pytest.mark.parametrize(
    ("path", "source", "told"),
    [
        ("a.ts", "// TODO: round half to even\nexport function cut(n: number): number { return n }\n", None),
        (
            "A.cs",
            "/// <summary>Books a slot.</summary>\n/// <returns>A number.</returns>\npublic class A\n{\n}\n",
            "Books a slot.",
        ),
    ],
)
def test_a_page_tells_what_a_comment_says_and_not_its_marks(project, path, source, told):
    shop = project({path: source})
    before = set(shop.files)

    shop.ask("technical_writer", "api_reference", path)

    (page,) = (shop.files[name] for name in set(shop.files) - before)
    described = page.split("Source:")[0].split("## `", 1)[1].split("\n\n")
    assert (told or "TODO(rolecall): say what it is for.") in described
