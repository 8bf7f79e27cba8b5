"""Do what the README says, in a fresh clone, with nothing but a `python3`.

Each argument is the name of an interpreter that plays the `python3`. Exits with 1 where
one of them is not there, or does not do what the README says.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


def blocks(readme, language):
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.M | re.S)


def run(command, clone, path):
    return subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=str(clone),
        env={"PATH": path, "HOME": str(clone)},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    ).stdout


def main(interpreters):
    tests = skips = 0
    status = ["git", "-C", str(CHECKOUT), "status", "--porcelain"]
    if subprocess.check_output(status):
        sys.exit("a clone would lack what is not committed")
    for name in interpreters:
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            clone = folder / "clone"
            subprocess.run(
                ["git", "clone", "-q", str(CHECKOUT), str(clone)], check=True
            )
            (folder / "bin").mkdir()
            found = shutil.which(name) or sys.exit(f"there is no {name}")
            # Not a link: it would take the interpreter for a virtual environment's.
            python3 = folder / "bin" / "python3"
            python3.write_text(f'#!/bin/sh\nexec {os.path.realpath(found)} "$@"\n')
            python3.chmod(0o755)
            path = f"{folder / 'bin'}:/usr/bin:/bin"
            readme = (clone / "README.md").read_text(encoding="utf-8")
            drive, test = blocks(readme, "sh")[:2]
            printed = run(drive, clone, path)
            if printed != blocks(readme, "text")[0]:
                sys.exit(f"{name} prints {printed!r} for the quick start")
            printed = run(test, clone, path)
            (ran,) = re.findall(r"^Ran (\d+) tests", printed, re.M)
            (skipped,) = re.findall(r"^OK \(skipped=(\d+)", printed, re.M)
            tests += int(ran)
            skips += int(skipped)
            version = run("python3 --version", clone, path).splitlines()[0]
            print(f"{version}: quick start as printed, {ran} tests, {skipped} skipped")
    print(f"Ran {tests} tests (skipped={skips})")


main(sys.argv[1:])
