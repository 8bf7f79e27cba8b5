"""Print the closing table of a run of tox, from its --result-json: table.py RESULTS

Exits with 1 if an environment of setup.cfg is missing, failed, or ran no test, if one
with Twisted skipped more than it has to, or if a Python that the classifiers name is
missing.
"""

import configparser
import json
import pathlib
import re
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
# These run no tests. The first says by its exit code how it went; the other measures.
CHECKS = {"style", "benchmark"}

# These have all that the tests compare with, but docstrings, once, for four tests.
NO_SKIPS = {
    "twisted-middle": 0,
    "twisted-newest": 4,
    "forky-twisted14": 0,
    "forky-twisted15": 0,
}


def promised_pythons():
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(str(CHECKOUT / "setup.cfg"))
    classifiers = settings["metadata"]["classifiers"]
    versions = re.findall(r":: Python :: (3\.\d+)$", classifiers, re.M)
    implementations = re.findall(r":: Implementation :: (\w+)$", classifiers, re.M)
    return {f"CPython {version}" for version in versions}, set(implementations)


def main(results_file, environments):
    with open(results_file, encoding="utf-8") as results:
        results = json.load(results)["testenvs"]
    complaints = []
    versions, implementations = promised_pythons()
    row = "{:18} {:18} {:>8} {:>8} {:>8}".format
    print(row("environment", "python", "ran", "skipped", "seconds"))
    for name in environments:
        result = results.get(name, {})
        output = "".join(
            command["output"] + command["err"] for command in result.get("test", ())
        )
        seconds = result.get("result", {}).get("duration", 0)
        ran = sum(map(int, re.findall(r"^Ran (\d+) ", output, re.M)))
        if not result.get("result", {}).get("success"):
            ran = 0
            complaints.append(f"{name} failed, or did not run")
        skipped = sum(map(int, re.findall(r"skipped=(\d+)", output)))
        if not ran and name not in CHECKS:
            complaints.append(f"{name} ran no test")
        if name in NO_SKIPS and skipped > NO_SKIPS[name]:
            complaints.append(f"{name} skipped tests")
        python = ""
        if "python" in result:
            python = result["python"]["implementation"] + " {}.{}.{}".format(
                *result["python"]["version_info"]
            )
        # Those in WebAssembly and of forky are not tox's, and print what they are.
        other = re.search(r"^((CPython|PyPy) \S+) (emscripten|linux)$", output, re.M)
        python = other.group(1) if other else python
        # One in WebAssembly does not stand for a native one.
        if ran and not (other and other.group(3) == "emscripten"):
            versions.discard(python.rpartition(".")[0])
            implementations.discard(python.partition(" ")[0])
        print(row(name, python, ran or "-", skipped or "-", f"{seconds:.1f}"))
    complaints += [f"{python} was not there" for python in versions | implementations]
    print("\n".join(sorted(complaints)) or "All that is promised was run, and passed.")
    return bool(complaints)


sys.exit(main(sys.argv[1], sys.stdin.read().split()))
