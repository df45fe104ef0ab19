"""Evaluate the five roles: small real tasks, applied in a scratch copy, graded by running and linting alone.

    make eval                                 your own endpoint and model, as `rolecall doctor` shows them
    make eval ARGS="--provider offline"       the provider without a model
    make eval TOKENS=200000 ARGS="--role qa_engineer --samples 3 --out a.json"
    make eval ARGS="--prompts my-roles --out b.json"   other role files, to be compared with
    make eval ARGS="--compare a.json b.json"  paired intervals of two runs

Tokens cost money: what a run may use is shown before it starts, and has to be agreed to (`--yes`, or a cap
with `--tokens`). Nothing that a model wrote runs with network, or outside of a scratch folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The graders are the tests' own, and this checkout is what is evaluated.
sys.path[:0] = [str(HERE), *(str(HERE.parents[1] / folder) for folder in ("agents", "server", "tests"))]

from comparing import compare
from reporting import summary, table
from running import Plan, Stopped, evaluate, plan_for

from grading.tasks import ROLES, EvaluationTask, tasks
from rolecall.errors import RolecallError
from rolecall.settings.model import LoggingSettings
from rolecall.telemetry.logging import configure


def main(arguments: list[str] | None = None) -> int:
    """Run or compare; returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.compare:
        print(compare(*(json.loads(Path(path).read_text(encoding="utf-8")) for path in options.compare)))
        return 0
    chosen = _chosen(options)
    if options.list:
        print("\n".join(task.id for task in chosen))
        return 0
    configure(LoggingSettings(level="warning"))
    try:
        return _run(chosen, options)
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return 3
    except RolecallError as error:
        print(f"{error.message} {error.hint}", file=sys.stderr)
        return 2


def _run(chosen: list[EvaluationTask], options: argparse.Namespace) -> int:
    plan = plan_for(chosen, options)
    if not _agreed(plan, options):
        return 2
    report = asyncio.run(evaluate(plan))
    print(f"\n{table(report)}\n\n{summary(report)}")
    if options.out:
        Path(options.out).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evaluate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--role", action="append", choices=ROLES, help="only this role; may be given again")
    parser.add_argument("--task", action="append", help="only this task (ROLE/NAME); may be given again")
    parser.add_argument("--samples", type=_positive, default=1, help="answers a task (3 for a comparison)")
    parser.add_argument("--provider", choices=["auto", "openai", "offline"], help="instead of llm.provider")
    parser.add_argument("--model", help="instead of llm.model")
    parser.add_argument(
        "--prompts", type=Path, metavar="FOLDER", help="role files that replace the built-in ones"
    )
    parser.add_argument(
        "--tokens", type=_positive, metavar="N", help="stop before more than N tokens are used"
    )
    parser.add_argument("--yes", action="store_true", help="agree to the tokens that are shown")
    parser.add_argument("--out", metavar="FILE", help="write the scores as JSON")
    parser.add_argument("--compare", nargs=2, metavar="FILE", help="compare two such files, and run nothing")
    parser.add_argument("--list", action="store_true", help="list the tasks, and run nothing")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return number


def _chosen(options: argparse.Namespace) -> list[EvaluationTask]:
    every = [task for role in options.role or ROLES for task in tasks(role)]
    chosen = [task for task in every if not options.task or task.id in options.task]
    if not chosen:
        sys.exit("No task fits; --list shows them.")
    return chosen


def _agreed(plan: Plan, options: argparse.Namespace) -> bool:
    """Say what a run costs at most, and ask; the offline provider costs nothing."""
    print(plan.announcement())
    if plan.offline or options.yes or options.tokens:
        return True
    if not sys.stdin.isatty():
        print("Agree with --yes, or set a cap with --tokens N (make eval TOKENS=N).", file=sys.stderr)
        return False
    return input("Go on? [y/N] ").strip().lower() in {"y", "yes"}


if __name__ == "__main__":
    sys.exit(main())
