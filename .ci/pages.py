"""Runs the pages' blocks, or pastes them beside a copy: pages.py FOLDER PAGE..."""

import faulthandler
import functools
import pathlib
import re
import shutil
import sys
import types
import typing
import unittest
from unittest import mock

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
PAGES = [f".github/{p.name}" for p in CHECKOUT.glob(".github/*.md")] + ["README.md"]
LIMIT = 60


def limit(seconds):
    """If what is run hangs, end the process, and say where."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)


def read(name):
    return (CHECKOUT / name).read_text(encoding="utf-8")


def named_blocks(name, language="python"):
    """Yield the blocks of a page, each behind the name to save it under, or None."""
    page = read(name)
    for found in re.finditer(rf"^```{language}\n(.*?)^```", page, re.M | re.S):
        paragraph = page[: found.start()].rstrip().rpartition("\n\n")[2]
        saved = re.search(r"[Ss]ave\b[^.]*?\bas\s`(\w+)\.py`", paragraph)
        # As many lines are above it as on its page.
        yield saved and saved[1], "\n" * page.count("\n", 0, found.start(1)) + found[1]


def blocks(name, language):
    return [block for _, block in named_blocks(name, language)]


def recipe(text):
    """Return the recipe's block that has the text."""
    return next(each for each in blocks(".github/RECIPES.md", "python") if text in each)


def run_block(block):
    """Run a block and its tests, in a project that has vendored ours; return it."""
    program = types.ModuleType("tests.test_block")
    # Python 3.15 warns of a loader that is None, where a traceback shows a line.
    del program.__spec__, program.__loader__
    modules = {name: types.ModuleType(name) for name in ("tests", "tests._vendor")}
    modules["tests._vendor.stringtransport"] = __import__("stringtransport")
    modules[program.__name__] = program
    imports = r"^ *(?:from|import) (?:tests\._vendor\.)?(\w+)(?: import|$)"
    for name in {*SAVED}.intersection(re.findall(imports, block, re.M)):
        modules[name] = modules[f"tests._vendor.{name}"] = saved(name)
    # A traceback names its page, and shows the line.
    pages = [str(CHECKOUT / page) for page in PAGES if block.strip() in read(page)]
    code = compile(block, [*pages, "<block>"][0], "exec")
    # Before 3.8, users have it from typing_extensions.
    vars(typing).setdefault("Protocol", object)
    result = unittest.TestResult()
    limit(LIMIT)
    try:
        with mock.patch.dict(sys.modules, modules):
            exec(code, vars(program))
            unittest.defaultTestLoader.loadTestsFromModule(program).run(result)
    finally:
        limit(LIMIT * 10)
    for _, told in result.failures + result.errors:
        raise AssertionError(told)
    return program


SAVED = {name: block for page in PAGES for name, block in named_blocks(page) if name}
# What is saved under a name can be imported by other blocks, and is made once.
saved = functools.lru_cache(maxsize=None)(lambda name: run_block(SAVED[name]))


if __name__ == "__main__":
    folder, pasted = pathlib.Path(sys.argv[1]), dict(SAVED)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(CHECKOUT / "stringtransport.py"), str(folder))
    for page in sys.argv[2:]:
        for number, (name, block) in enumerate(named_blocks(page), 1):
            pasted[name or f"{pathlib.Path(page).stem}_{number}".lower()] = block
    for name, block in pasted.items():
        (folder / f"{name}.py").write_text(block.lstrip("\n"), "utf-8")
