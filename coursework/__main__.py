"""`python -m coursework handout`, `grade` and `gradescope`."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")


def main(arguments: list[str] | None = None) -> int:
    """Read the options and run the command."""
    from coursework.errors import CourseworkError

    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except CourseworkError as error:
        print(error, file=sys.stderr)
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m coursework", description=__doc__)
    commands = parser.add_subparsers(required=True)
    handout = commands.add_parser("handout", help="write the handout and its key")
    handout.add_argument("--seed", default="", help="a secret of the course; see docs/teaching.md")
    handout.add_argument(
        "--student", action="append", default=[], help="one more sheet; repeatable"
    )
    handout.add_argument("--out", type=Path, default=Path("build/handout"))
    handout.set_defaults(run=_handout)
    grade = commands.add_parser("grade", help="grade a submission")
    grade.add_argument(
        "submission", type=Path, help="the folder with the student's files, or a notebook"
    )
    grade.add_argument("--draw", type=int, help="repeat a grading with the same inputs")
    grade.add_argument("--json", action="store_true", help="print the result as JSON")
    grade.add_argument(
        "--at-least", type=_percent, default=0.0, metavar="PERCENT", help="exit code 1 below this"
    )
    grade.set_defaults(run=_grade)
    gradescope = commands.add_parser("gradescope", help="write autograder.zip")
    gradescope.add_argument("--out", type=Path, default=Path("build/autograder.zip"))
    gradescope.add_argument(
        "--hidden",
        choices=VISIBILITIES,
        default="after_published",
        help="when students see the hidden tests (default: %(default)s)",
    )
    gradescope.set_defaults(run=_gradescope)
    for command in (handout, grade, gradescope):
        command.add_argument("--key", type=Path, default=Path("build/key"))
    return parser


def _percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = math.nan
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 100, got {text}")
    return percent


def _handout(options: argparse.Namespace) -> int:
    from coursework.handout import make
    from coursework.tasks import N_HIDDEN, N_PUBLIC, POINTS
    from coursework.variants import course

    make(course(options.seed), options.out, options.key, options.student)
    print(f"{options.out}: for students; {POINTS} points, {N_PUBLIC} public tests")
    print(f"{options.key}: for graders alone; solution, withheld reviews, sheets")
    print(f"{N_HIDDEN} hidden tests run at grading: make grade SUBMISSION=path")
    return 0


def _grade(options: argparse.Namespace) -> int:
    from coursework.grader import grade
    from coursework.key import load_key
    from coursework.report import as_json, as_text

    result = grade(load_key(options.key), options.submission, draw=options.draw)
    text = json.dumps(as_json(result), indent=2) + "\n" if options.json else as_text(result)
    print(text, end="")
    return int(100 * result.points < options.at_least * result.max_points)


def _gradescope(options: argparse.Namespace) -> int:
    from coursework.gradescope import write_zip

    write_zip(options.key, options.out, options.hidden)
    print(f"{options.out}: upload it to Gradescope as the autograder of a programming assignment")
    return 0


if __name__ == "__main__":
    sys.exit(main())
