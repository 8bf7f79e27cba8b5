"""Check the types as whoever has copied the module sees them: readme_types.py SCRATCH

Each Python block of the README that imports from a vendored copy becomes a module next
to one, for mypy and basedpyright at their strictest. The module itself, as a package
with the `py.typed` that no single file can have, has to be complete to --verifytypes.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


def main(scratch):
    project = pathlib.Path(scratch, "project")
    shutil.rmtree(str(project), ignore_errors=True)
    vendor = project / "tests" / "_vendor"
    library = project / "lib" / "stringtransport"
    for package in (vendor.parent, vendor, library):
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
    shutil.copy(CHECKOUT / "stringtransport.py", vendor)
    shutil.copy(CHECKOUT / "stringtransport.py", library / "__init__.py")
    (library / "py.typed").touch()
    settings = {"include": ["tests"], "typeCheckingMode": "strict"}
    (project / "pyrightconfig.json").write_text(json.dumps(settings))

    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```py(?:thon)?\n(.*?)^```", readme, re.M | re.S)
    blocks = [block for block in blocks if "_vendor" in block]
    for number, block in enumerate(blocks, 1):
        (vendor.parent / f"test_block_{number}.py").write_text(block, encoding="utf-8")
    print(len(blocks), "blocks of the README import from a vendored copy", flush=True)

    environment = dict(os.environ, PYTHONPATH=str(library.parent))
    failures = 0 if blocks else 1
    for command in (
        "mypy --strict tests",
        "basedpyright",
        "basedpyright --verifytypes stringtransport",
    ):
        print("$", command, flush=True)
        run = subprocess.run(command.split(), cwd=str(project), env=environment)
        failures += run.returncode != 0
    return failures


sys.exit(main(sys.argv[1]))
