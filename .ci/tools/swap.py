"""Run Twisted's own tests with our transports in their place: swap.py FEWEST

Every test module of the installed Twisted that mentions StringTransport is run twice by
trial, as it is and with our two classes in Twisted's modules of test helpers. It exits
with 1 if an outcome differs, or if fewer than FEWEST tests were run.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import twisted

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, stringtransport
from twisted.internet import testing
from twisted.scripts.trial import run
from twisted.test import proto_helpers
if sys.argv.pop(1) == "ours":
    for name in ("StringTransport", "StringTransportWithDisconnection"):
        for helpers in (testing, proto_helpers):
            setattr(helpers, name, getattr(stringtransport, name))
made, init = [], stringtransport.StringTransport.__init__
def count(self, *args, **kwargs):
    made.append(1)
    init(self, *args, **kwargs)
stringtransport.StringTransport.__init__ = count
try:
    run()
finally:
    # trial has taken the place of sys.stdout, and what is not flushed may be lost.
    print("made of ours:", len(made), file=sys.__stdout__, flush=True)
"""

package = pathlib.Path(twisted.__file__).parent
modules = [
    ".".join(path.relative_to(package.parent).with_suffix("").parts)
    for path in package.rglob("test_*.py")
    if "StringTransport" in path.read_text(encoding="utf-8")
]
command = [sys.executable, "-c", PROGRAM]
environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
outcomes, runs = [], []
with tempfile.TemporaryDirectory() as scratch:
    for whose in ("twisted", "ours"):
        folder = pathlib.Path(scratch, whose)
        folder.mkdir()
        with open(folder / "log", "w") as log:
            run = [*command, whose, "--reporter=bwverbose", *modules]
            options = dict(cwd=folder, env=environment, stdout=log, stderr=log)
            runs.append(subprocess.Popen(run, **options))
    for run in runs:
        run.wait()
    for whose in ("twisted", "ours"):
        log = pathlib.Path(scratch, whose, "log").read_text(encoding="utf-8")
        tests = re.findall(r"^\S+ \.\.\. +\[.*\]$", log, re.M)
        # A few tests print something between their name and their outcome.
        outcomes.append({*tests, *re.findall(r"^(?:PASSED|FAILED) \(.*\)$", log, re.M)})

theirs, ours = outcomes
(ran,) = re.findall(r"^Ran (\d+) tests", log, re.M)
print(
    *sorted(theirs ^ ours), f"{len(modules)} modules", *log.splitlines()[-4:], sep="\n"
)
(made,) = re.findall(r"^made of ours: (\d+)$", log, re.M)
sys.exit(theirs != ours or int(made) < 1000 or int(ran) < int(sys.argv[1]))
