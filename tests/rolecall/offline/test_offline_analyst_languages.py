"""Requirements, stories and Gherkin of code in other languages, from signatures, comments and thrown errors."""

import re

import pytest

from grading import gherkin
from rolecall.llm.offline.languages.comments import read_comment

SCRIPT = """\
/** The shelves of a warehouse, for its clerks. */
export class Stock {
  constructor(private left: number) {}

  /**
   * Reserves pieces of an article.
   *
   * @param count - 1 to 20 pieces
   * @returns the number that is left
   * @throws {RangeError} when the count is below 1
   *   or above 20
   * @throws {OutOfStockError} if too few are left.
   */
  reserve(article: string, count = 1): number {
    if (count < 1 || count > 20) {
      throw new RangeError("1 to 20 pieces");
    }
    // TODO: may a member reserve more?
    return this.left;
  }
}

export function total(items: number[]): number {
  if (!items) throw new TypeError("no items");
  return items.length;
}
"""
GO = """\
package stock

// Reserve takes pieces from the shelf. It returns ErrEmpty when nothing is left.
func Reserve(n int) (int, error) {
	if n < 1 {
		return 0, ErrRange
	}
	return n, nil
}
"""
RUST = """\
/// Reserves pieces.
///
/// # Errors
///
/// Returns [`StockError::Empty`] if nothing is left.
pub fn reserve(n: u32) -> Result<u32, StockError> {
    if n == 0 {
        return Err(StockError::Zero);
    }
    Ok(n)
}
"""
JAVA = """\
public class Stock {
    /**
     * Reserves pieces.
     * @throws IllegalArgumentException if {@code n} is negative
     */
    public int reserve(int n) {
        if (n < 0) throw new IllegalArgumentException("negative");
        return n;
    }
}
"""
CSHARP = """\
public class Stock
{
    /// <summary>Reserves pieces.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// Thrown when <paramref name="n"/> is below one.
    /// </exception>
    public int Reserve(int n, int most = 20)
    {
        if (n < 1) { throw new ArgumentOutOfRangeException(nameof(n)); }
        return n;
    }
}
"""


@pytest.mark.parametrize(
    ("path", "text", "refusals"),
    [
        (
            "stock.ts",
            SCRIPT,
            [
                "stock reserve is refused with RangeError where the count is below 1 or above 20",
                "stock reserve is refused with OutOfStockError where too few are left",
                "total is refused with TypeError where !items",
            ],
        ),
        (
            "stock.go",
            GO,
            [
                "reserve is refused with ErrEmpty where nothing is left",
                "reserve is refused with ErrRange where n < 1",
            ],
        ),
        (
            "stock.rs",
            RUST,
            [
                "reserve is refused with StockError::Empty where nothing is left",
                "reserve is refused with StockError::Zero where n == 0",
            ],
        ),
        (
            "Stock.java",
            JAVA,
            ["stock reserve is refused with IllegalArgumentException where n is negative"],
        ),
        (
            "Stock.cs",
            CSHARP,
            ["stock reserve is refused with ArgumentOutOfRangeException where n is below one"],
        ),
    ],
)
def test_a_feature_file_has_a_scenario_for_each_refusal(project, path, text, refusals):
    shop = project({path: text})

    shop.ask("business_analyst", "acceptance", path)

    found = gherkin.parse(shop.files["features/stock.feature"])
    assert [each.name for each in found.scenarios if "refused" in each.name] == refusals
    assert any(each.name.endswith("reserve succeeds") for each in found.scenarios)


def test_requirements_are_ears_sentences_traced_to_lines(project):
    shop = project({"stock.ts": SCRIPT})

    shop.ask("business_analyst", "requirements", "stock.ts")

    text = shop.files["docs/requirements/stock.md"]
    sources = re.findall(r"`stock.ts:(\d+)`\n", text)
    sentences = dict(zip(re.findall(r"Requirement: (.+)", text), sources, strict=True))
    lines = SCRIPT.splitlines()
    assert len(sentences) == 6
    assert all(re.match(r"(?:When|If|Where) .+ the system shall ", each) for each in sentences)
    event = "When a caller calls `Stock.reserve`, the system shall reserve pieces of an article."
    assert "reserve(article" in lines[int(sentences[event]) - 1]
    refusal = next(each for each in sentences if "RangeError" in each)
    assert refusal.startswith("If the count is below 1 or above 20, then the system shall refuse")
    assert "throw new RangeError" in lines[int(sentences[refusal]) - 1]
    assert "Where `count` is not given, the system shall use `1`." in sentences


def test_stories_have_acceptance_criteria_and_open_questions(project):
    shop = project({"stock.ts": SCRIPT})

    shop.ask("business_analyst", "user_stories", "stock.ts")

    text = shop.files["docs/requirements/stock-stories.md"]
    fences = re.findall(r"^```gherkin\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len([gherkin.parse(fence) for fence in fences]) == 2
    assert "As a clerk, I want to reserve pieces of an article, so that TODO(rolecall): benefit." in text
    assert "Then the result is the number that is left" in text
    assert "`stock.ts:18` says: TODO: may a member reserve more? What is decided?" in text
    assert "`total` has no comment" in text


def test_only_the_selected_function_has_criteria(project):
    shop = project({"stock.ts": SCRIPT})

    shop.ask("business_analyst", "acceptance", "stock.ts", lines=(23, 24))

    found = gherkin.parse(shop.files["features/stock.feature"])
    assert found.name == "total"


def test_a_language_that_is_only_read_by_names_still_gets_a_feature_file(project):
    shop = project({"stock.rb": "# Adds pieces for a clerk.\ndef add(count)\nend\n"})

    shop.ask("business_analyst", "acceptance", "stock.rb")

    assert gherkin.parse(shop.files["features/stock.feature"]).scenarios[0].name == "add succeeds"


def test_a_tag_goes_on_over_several_lines():
    told = read_comment("Adds.\n@throws {RangeError} if there are\n  too many\n@returns the sum")

    assert told.errors == [("RangeError", "there are too many")]
    assert told.result == ("", "the sum")
