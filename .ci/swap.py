"""Run Twisted's own tests with our transports in their place: swap.py FEWEST MOST

Every test module of the installed Twisted that mentions StringTransport is run twice,
as it is and with our two classes handed out by Twisted's modules of test helpers. The
outcomes are compared test by test, by name. Exits with 1 if any of them differs, if
fewer than FEWEST tests were run, or if more than MOST failed both ways.
"""

import collections
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
HELPERS = ("twisted.internet.testing", "twisted.test.proto_helpers")
PASSED = {"addSuccess", "addSkip", "addExpectedFailure"}


def modules_with_string_transport():
    package = pathlib.Path(importlib.import_module("twisted").__file__).parent
    for path in sorted(package.rglob("test_*.py")):
        if "StringTransport" in path.read_text(encoding="utf-8"):
            inside = path.relative_to(package.parent).with_suffix("")
            yield ".".join(inside.parts)


def put_ours_in_place():
    """Make Twisted hand out our classes; return the list that counts their making."""
    sys.path.insert(0, str(CHECKOUT))
    ours = importlib.import_module("stringtransport")
    for helpers in HELPERS:
        for name in ("StringTransport", "StringTransportWithDisconnection"):
            setattr(importlib.import_module(helpers), name, getattr(ours, name))
    made = []
    construct = ours.StringTransport.__init__

    def counting_construct(self, *args, **kwargs):
        made.append(type(self).__name__)
        construct(self, *args, **kwargs)

    ours.StringTransport.__init__ = counting_construct
    return made


def run_tests(with_ours, modules):
    """Run the modules under trial; return each test's outcome and the count of ours."""
    made = put_ours_in_place() if with_ours else []
    from twisted.trial.reporter import TestResult
    from twisted.trial.runner import TestLoader, TrialRunner

    outcomes = {}

    class Outcomes(TestResult):
        def __init__(self, *args, **kwargs):
            super().__init__()

        def done(self):
            pass

    def noting(outcome):
        noted = getattr(TestResult, outcome)

        def note(self, test, *details):
            outcomes.setdefault(test.id(), []).append(outcome)
            noted(self, test, *details)

        return note

    for outcome in (
        "addSuccess",
        "addFailure",
        "addError",
        "addSkip",
        "addExpectedFailure",
        "addUnexpectedSuccess",
    ):
        setattr(Outcomes, outcome, noting(outcome))

    suite = TestLoader().loadByNames(modules, recurse=True)
    TrialRunner(Outcomes, workingDirectory=os.path.join(os.getcwd(), "trial")).run(
        suite
    )
    return outcomes, len(made)


def main(fewest, most):
    modules = list(modules_with_string_transport())
    with tempfile.TemporaryDirectory() as scratch:
        runs = []
        for which in ("twisted", "ours"):
            folder = pathlib.Path(scratch, which)
            folder.mkdir()
            log = folder.joinpath("log").open("w")
            command = [
                sys.executable,
                os.path.abspath(__file__),
                which,
                str(folder / "outcomes"),
                *modules,
            ]
            child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
            runs.append((folder, child))
        for folder, child in runs:
            if child.wait() or not folder.joinpath("outcomes").exists():
                sys.exit(folder.joinpath("log").read_text())
        (theirs, _), (ours, made) = (
            json.loads(folder.joinpath("outcomes").read_text()) for folder, _ in runs
        )
    different = [
        name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)
    ]
    for name in different:
        print(f"{name}: {theirs.get(name)} with Twisted's, {ours.get(name)} with ours")
    print(f"{len(modules)} modules, {made} transports of ours made")
    counts = collections.Counter(map(" ".join, ours.values()))
    print(", ".join(f"{outcome} {count}" for outcome, count in counts.items()))
    failed = [name for name in sorted(ours) if not PASSED.issuperset(ours[name])]
    print(f"{len(different)} differences, {len(failed)} failed")
    print(f"Ran {len(ours)} tests (skipped={counts['addSkip']})")
    if different:
        sys.exit("differences")
    if len(failed) > most:
        sys.exit("\n".join([f"more than {most} failed:", *failed]))
    if not made or len(ours) < fewest:
        sys.exit(f"none of ours was made, or fewer than {fewest} tests were run")


if sys.argv[1] in ("twisted", "ours"):
    which, target, *modules = sys.argv[1:]
    pathlib.Path(target).write_text(json.dumps(run_tests(which == "ours", modules)))
else:
    main(*map(int, sys.argv[1:]))
