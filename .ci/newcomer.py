"""Do in a fresh clone what the README says, with nothing installed: newcomer.py FORKY

The `python3` is in turn each of the Pythons that the classifiers in setup.cfg name.
FORKY is where .ci/forky keeps those that this machine does not have. Exits with 1 where
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


def interpreters():
    settings = (CHECKOUT / "setup.cfg").read_text(encoding="utf-8")
    for version in re.findall(r":: Python :: (3\.\d+)$", settings, re.M):
        yield f"python{version}"
    if ":: PyPy" in settings:
        yield "pypy3"


def blocks(readme, language):
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.M | re.S)


def run(command, clone, path):
    done = subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=str(clone),
        env={"PATH": path, "HOME": str(clone)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    if done.returncode:
        sys.exit(done.stdout)
    return done.stdout


def main(forky):
    tests = skips = 0
    status = ["git", "-C", str(CHECKOUT), "status", "--porcelain"]
    if subprocess.check_output(status):
        sys.exit("a clone would lack what is not committed")
    for name in interpreters():
        found, place = shutil.which(name), None
        if found:
            # Not a link: it would take the interpreter for a virtual environment's.
            start = [os.path.realpath(found)]
        else:
            start = ["bash", str(CHECKOUT / ".ci" / "forky"), forky, name]
            subprocess.run([*start, "--version"], cwd=str(CHECKOUT), check=True)
            place = os.path.join(forky, "root", "tmp")
        with tempfile.TemporaryDirectory(dir=place) as scratch:
            folder = pathlib.Path(scratch)
            clone = folder / "clone"
            subprocess.run(
                ["git", "clone", "-q", str(CHECKOUT), str(clone)], check=True
            )
            (folder / "bin").mkdir()
            python3 = folder / "bin" / "python3"
            python3.write_text(f'#!/bin/sh\nexec {" ".join(start)} "$@"\n')
            python3.chmod(0o755)
            path = f"{folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"
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


main(sys.argv[1])
