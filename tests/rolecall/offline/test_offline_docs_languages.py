"""Documentation comments and API references of code in other languages."""

import re

import pytest

SCRIPT = """\
export class Stock {
  // eslint-disable-next-line max-params
  reserve(article: string, count = 1): number {
    if (count < 1) {
      throw new RangeError("below 1");
    }
    return count;
  }

  /** Gives what is left. */
  left(): number {
    return 1;
  }
}
"""
GO = "package stock\n\nfunc Reserve(n int) (int, error) {\n\tif n < 1 {\n\t\treturn 0, ErrRange\n\t}\n\treturn n, nil\n}\n"
RUST = "#[must_use]\npub fn reserve(n: u32) -> Result<u32, StockError> {\n    if n == 0 {\n        return Err(StockError::Zero);\n    }\n    Ok(n)\n}\n"
JAVA = "public class Stock {\n    @Override\n    public int reserve(int n) {\n        if (n < 0) throw new IllegalStateException();\n        return n;\n    }\n}\n"
CSHARP = "public class Stock\n{\n    public int Reserve(int n, int most = 20)\n    {\n        if (n < 1) { throw new ArgumentException(); }\n        return n;\n    }\n}\n"
FILES = {"stock.ts": SCRIPT, "stock.go": GO, "stock.rs": RUST, "Stock.java": JAVA, "Stock.cs": CSHARP}


@pytest.mark.parametrize(
    ("path", "above", "told"),
    [
        (
            "stock.ts",
            "  // eslint-disable-next-line",
            ["@param article - TODO", "{RangeError} if `count < 1`"],
        ),
        ("stock.go", "func Reserve", ["// Reserve: TODO(rolecall)", "// It returns ErrRange if n < 1."]),
        ("stock.rs", "#[must_use]", ["/// # Errors", "/// `StockError::Zero` if `n == 0`."]),
        ("Stock.java", "    @Override", ["@param n TODO", "@throws IllegalStateException if {@code n < 0}"]),
        (
            "Stock.cs",
            "    public int Reserve",
            ['<param name="most">TODO', '<exception cref="ArgumentException">If <c>n &lt; 1</c>.'],
        ),
    ],
)
def test_functions_without_a_comment_get_one_in_the_form_of_their_language(project, path, above, told):
    shop = project({path: FILES[path]})

    shop.ask("technical_writer", "docstrings", path)

    lines = shop.files[path].splitlines()
    added = [line for line in lines if line not in FILES[path].splitlines()]
    assert [line for line in lines if line not in added] == FILES[path].splitlines()
    assert all(any(text in line for line in added) for text in told)
    place = next(number for number, line in enumerate(lines) if line.startswith(above))
    assert lines[place - 1] == added[-1]


@pytest.mark.parametrize("path", FILES)
def test_functions_that_have_a_comment_are_left_alone(project, path):
    shop = project({path: FILES[path]})
    shop.ask("technical_writer", "docstrings", path)
    once = shop.files[path]

    shop.ask("technical_writer", "docstrings", path)

    assert shop.files[path] == once
    assert "has a comment already" in shop.texts[-1]


@pytest.mark.parametrize(
    ("path", "signature", "error"),
    [
        ("stock.ts", "reserve(article: string, count = 1): number", "`RangeError` if `count < 1`"),
        ("stock.go", "func Reserve(n int) (int, error)", "`ErrRange` if `n < 1`"),
        (
            "stock.rs",
            "pub fn reserve(n: u32) -> Result<u32, StockError>",
            "`StockError::Zero` if `n == 0`",
        ),
        ("Stock.java", "public int reserve(int n)", "`IllegalStateException` if `n < 0`"),
        ("Stock.cs", "public int Reserve(int n, int most = 20)", "`ArgumentException` if `n < 1`"),
    ],
)
def test_a_reference_has_the_signatures_of_the_code(project, path, signature, error):
    shop = project({path: FILES[path]})

    shop.ask("technical_writer", "api_reference", path)

    page = shop.files[f"docs/reference/stock-{path.split('.')[1]}.md"]
    assert signature in re.findall(r"^```\w+\n(.+)\n```$", page, re.MULTILINE)
    assert f"- {error}" in page.splitlines()
    assert "TODO(rolecall): describe." in page
