"""Run the tests on copies of the module: in a package, twice in a process, in a zip."""

import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent

# Tests the module under each of the names, one after the other, in the same process.
CHILD = """
import importlib, sys, unittest
copies = [importlib.import_module(name) for name in sys.argv[1:]]
if len({copy.StringTransport for copy in copies}) != len(copies):
    sys.exit("two names have given the same module")
for copy in copies:
    print(copy.__name__, "from", copy.__file__, flush=True)
    sys.modules["stringtransport"] = copy
    sys.modules.pop("test_stringtransport", None)
    program = unittest.main("test_stringtransport", argv=["unittest"], exit=False)
    if not program.result.wasSuccessful():
        sys.exit(1)
"""


def main():
    with tempfile.TemporaryDirectory() as scratch:
        places = pathlib.Path(scratch)
        for beside in ("test_stringtransport.py", "README.md", "LICENSE"):
            shutil.copy(CHECKOUT / beside, places)
        vendor = places / "pkg" / "_vendor"
        vendor.mkdir(parents=True)
        (places / "pkg" / "__init__.py").touch()
        (vendor / "__init__.py").touch()
        shutil.copy(CHECKOUT / "stringtransport.py", vendor)
        shutil.copy(CHECKOUT / "stringtransport.py", places / "another_name.py")
        with zipfile.ZipFile(places / "zipped.zip", "w") as zipped:
            zipped.write(CHECKOUT / "stringtransport.py", "in_a_zip.py")
        folders = [scratch, str(places / "zipped.zip")]
        path = f"import sys; sys.path[:0] = {folders!r}\n"
        names = ["pkg._vendor.stringtransport", "another_name", "in_a_zip"]
        for options in (["-bb"], ["-O"], ["-OO"]):
            print("python", *options, flush=True)
            command = [sys.executable, "-I", "-B", "-W", "error", "-X", "dev", *options]
            subprocess.run(
                [*command, "-c", path + CHILD, *names], check=True, cwd=scratch
            )


main()
