// Run the tests on CPython in WebAssembly: node wasm.mjs FOLDER_OF_PYODIDE CHECKOUT
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, checkout] = process.argv.slice(2);
const pyodide = join(folder, "node_modules", "pyodide", "pyodide.mjs");
const { loadPyodide } = await import(pathToFileURL(pyodide).href);
const python = await loadPyodide();
python.mountNodeFS("/checkout", checkout);
process.exitCode = python.runPython(`
import os, platform, sys, unittest, warnings
warnings.simplefilter("error")  # Not with -W: Pyodide itself would not start.
os.chdir("/checkout")
sys.path.insert(0, "/checkout")
sys.dont_write_bytecode = True
print(platform.python_implementation(), platform.python_version(), sys.platform)
program = unittest.main("test_stringtransport", argv=["unittest"], exit=False, warnings="error")
int(not program.result.wasSuccessful())
`);
