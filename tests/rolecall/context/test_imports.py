"""What a file imports, language by language, also while it is half-written."""

import pytest

from rolecall.context.imports import MAX_IMPORTS, imported_paths
from rolecall.context.index import PathIndex


def found(path, text, files):
    contents = dict.fromkeys([path], text) | (files if isinstance(files, dict) else dict.fromkeys(files, ""))
    return imported_paths(path, text, PathIndex(contents), contents.get)


@pytest.mark.parametrize(
    ("path", "text", "files", "expected"),
    [
        ("app.py", "import b, c.d as e\n", ["b.py", "c/d.py", "d.py"], ["b.py", "c/d.py"]),
        ("app.py", "import json\nimport os.path\n", ["other/json.py"], []),
        ("p/a.py", "from .b import x\n", ["p/b.py", "b.py"], ["p/b.py"]),
        ("p/q/a.py", "from ..b import x\n", ["p/b.py", "p/q/b.py"], ["p/b.py"]),
        ("p/a.py", "from . import b, c\n", ["p/b.py", "p/c/__init__.py"], ["p/b.py", "p/c/__init__.py"]),
        ("src/p/a.py", "from p.b import x\n", ["src/p/__init__.py", "src/p/b.py"], ["src/p/b.py"]),
        ("tests/test_a.py", "from p.b import x\n", ["src/p/__init__.py", "src/p/b.py"], ["src/p/b.py"]),
        (
            "tests/test_a.py",
            "from p.b import x\n",
            ["agents/p/__init__.py", "agents/p/b.py"],
            ["agents/p/b.py"],
        ),
        ("a.py", "if True:\n    def f():\n        import b\n", ["b.py"], ["b.py"]),
        ("a.py", '"""\nimport b\n"""\n', ["b.py"], []),
        ("a.py", "import b\ndef broken(:\nfrom c import (d,\n", ["b.py", "c.py"], ["b.py", "c.py"]),
        ("a.py", "if T: import b; from c import d\n", ["b.py", "c.py"], ["b.py", "c.py"]),
        (
            "a.py",
            "from p import (\n    b,  # one)\n    c as d,\n)\n",
            ["p/b.py", "p/c.py"],
            ["p/b.py", "p/c.py"],
        ),
        ("a.py", "from p \\\n  import b\n", ["p/b.py"], ["p/b.py"]),
        ("a.py", "x = 'import b'\ny = 'it\\'s; import c'\n# import d\n", ["b.py", "c.py", "d.py"], []),
        ("a.py", "from b.c import D  # text\n", ["b/c.pyi"], ["b/c.pyi"]),
        ("a.py", "import a\n", [], []),
        ("a.pyi", "import b\n", ["b.py"], ["b.py"]),
    ],
)
def test_python_imports_lead_to_the_modules_of_the_workspace(path, text, files, expected):
    assert found(path, text, files) == expected


def test_a_name_that_a_package_passes_on_leads_to_the_module_that_defines_it():
    files = {
        "p/__init__.py": "from .thing import Thing\nfrom .other import Other\n",
        "p/thing.py": "class Thing: ...\n",
        "p/other.py": "",
    }

    assert found("app.py", "from p import Thing\n", files) == ["p/__init__.py", "p/thing.py"]


def test_a_bad_escape_in_the_target_is_no_warning_of_ours():
    assert found("a.py", "import b\nx = '\\d'\n", ["b.py"]) == ["b.py"]


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "\x00", "a = " + "-" * 50_000 + "1", "import " + "a." * 50_000]
)
def test_hostile_python_ends_without_an_error(text):
    assert found("a.py", f"import b\n{text}", ["b.py"]) in ([], ["b.py"])


@pytest.mark.parametrize(
    ("text", "files", "expected"),
    [
        ("import x from './b'\n", ["web/b.ts"], ["web/b.ts"]),
        ('import "./b.css";\n', ["web/b.css"], ["web/b.css"]),
        ("import {\n  x,\n} from '../b';\n", ["b/index.tsx"], ["b/index.tsx"]),
        ("export * from './b'\n", ["web/b.js", "web/b.ts"], ["web/b.ts"]),
        ("import x from './b.js'\n", ["web/b.ts"], ["web/b.ts"]),
        ("const b = require('./b')\n", ["web/b.cjs"], ["web/b.cjs"]),
        ("const b = await import('./b.mjs')\n", ["web/b.mjs"], ["web/b.mjs"]),
        ("import x from 'react'\nimport y from 'b'\n", ["web/b.ts", "b.ts"], []),
        ("import x from '@/lib/b'\n", ["web/src/lib/b.ts"], ["web/src/lib/b.ts"]),
        ("import data from './b.json'\n", ["web/b.json"], ["web/b.json"]),
        ("import x from './a'\n", [], []),
    ],
)
def test_script_imports_lead_to_the_files_of_the_workspace(text, files, expected):
    assert found("web/a.ts", text, files) == expected


def test_go_imports_lead_to_the_files_of_the_package_without_its_tests():
    files = {
        "go.mod": "module example.com/shop\n\ngo 1.22\n",
        "store/store.go": "",
        "store/cache.go": "",
        "store/store_test.go": "",
        "other/other.go": "",
    }
    text = 'package main\n\nimport (\n\t"fmt"\n\n\ts "example.com/shop/store"\n)\n'

    assert found("main.go", text, files) == ["store/store.go", "store/cache.go"]


@pytest.mark.parametrize(
    ("path", "text", "files", "expected"),
    [
        ("src/a.c", '#include <stdio.h>\n#include "b.h"\n', ["src/b.h"], ["src/b.h"]),
        ("src/a.c", '#include "lib/b.h"\n', ["include/lib/b.h", "src/b.h"], ["include/lib/b.h"]),
        ("src/main.rs", "mod config;\n", ["src/config.rs", "src/other.rs"], ["src/config.rs"]),
        ("src/a.rs", "use crate::b::c::Thing;\n", ["Cargo.toml", "src/b/c.rs"], ["src/b/c.rs"]),
        ("src/b/c.rs", "use super::d::x;\n", ["Cargo.toml", "src/b/d.rs"], ["src/b/d.rs"]),
        (
            "m/src/A.java",
            "import com.x.B;\nimport java.util.List;\n",
            ["m/src/com/x/B.java"],
            ["m/src/com/x/B.java"],
        ),
        ("lib/a.rb", "require_relative 'b'\n", ["lib/b.rb"], ["lib/b.rb"]),
        ("notes.txt", "import b\n", ["b.py"], []),
    ],
)
def test_other_languages_lead_to_the_files_of_the_workspace(path, text, files, expected):
    assert found(path, text, files) == expected


def test_no_more_than_so_many_imports_are_taken():
    names = [f"m{number:02}" for number in range(MAX_IMPORTS + 5)]

    assert len(found("a.py", f"import {', '.join(names)}\n", [f"{name}.py" for name in names])) == MAX_IMPORTS


@pytest.mark.parametrize(
    ("path", "text", "files", "expected"),
    [
        ("p/a.go", "package p\n", ["p/b.go", "p/b_test.go", "q/c.go"], ["p/b.go"]),
        ("p/A.java", "class A { B b; }\n", ["p/B.java", "p/C.java", "q/B.java"], ["p/B.java"]),
        ("src/test/java/p/ATest.java", "B b;\n", ["src/main/java/p/B.java"], ["src/main/java/p/B.java"]),
        ("src/L/D.cs", "using L.Cat;\nnamespace L;\nBook b; Loan l;\n", ["src/L/Loan.cs", "src/L/Cat/Book.cs", "src/X/Book.cs"], ["src/L/Loan.cs", "src/L/Cat/Book.cs"]),
        ("t/L.Tests/DTests.cs", "namespace L.Tests;\nvar d = new D();\n", ["src/L/D.cs"], ["src/L/D.cs"]),
        ("b/run.sh", 'source "$(dirname "$0")/lib.sh"\n. ./more.sh # and\n. "$HERE/env.sh"\n', ["b/lib.sh", "b/more.sh", "b/env.sh", "lib.sh"], ["b/lib.sh", "b/more.sh", "b/env.sh"]),
    ],
)  # fmt: skip
def test_what_is_used_without_an_import_is_found_too(path, text, files, expected):
    assert found(path, text, files) == expected


TSCONFIG = '{ // see "docs"\n "compilerOptions": {"baseUrl": "./src", "paths": {"@lib/*": ["lib/*",], "@m": ["m.ts"], /* c */ },},\n}\n'


@pytest.mark.parametrize(
    ("config", "files", "expected"),
    [
        ({"tsconfig.json": TSCONFIG}, {"src/lib/t.ts": "", "src/m.ts": ""}, ["src/lib/t.ts", "src/m.ts"]),
        (
            {"w/tsconfig.json": '{"extends": "../base.json"}', "base.json": TSCONFIG},
            {"src/lib/t.ts": "", "src/m.ts": ""},
            ["src/lib/t.ts", "src/m.ts"],
        ),
        ({"tsconfig.json": '{"extends": "./tsconfig.json"}'}, {"src/lib/t.ts": ""}, []),
        ({"tsconfig.json": '{"compilerOptions": {"paths": {"@lib/*": "x"}}}'}, {"src/lib/t.ts": ""}, []),
        ({"tsconfig.json": "{" * 10_000}, {"src/lib/t.ts": ""}, []),
    ],
)
def test_aliases_of_a_typescript_project_lead_to_their_files(config, files, expected):
    assert found("w/a.ts", 'import { t } from "@lib/t";\nimport m from "@m";\n', config | files) == expected
