"""Paste the pages' Python blocks into files beside a copy: blocks.py FOLDER PAGE..."""

import pathlib
import shutil
import sys

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / ".ci")]
blocks = __import__("test_pages").blocks

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
shutil.copy(CHECKOUT / "stringtransport.py", folder)
for page in sys.argv[2:]:
    for number, block in enumerate(blocks(page, "python"), 1):
        name = f"{pathlib.Path(page).stem.lower()}_{number}"
        # Its page says what to save it as, and the blocks after it import it.
        name = "asyncio_transport" if name == "asyncio_1" else name
        (folder / f"{name}.py").write_text(block, "utf-8")
