"""What mutants Poodle makes of the module, and which of them may survive the tests.

Only tests kill a mutant: alone, beside zope.interface, or beside Twisted. A change to
what only type checkers read is no mutant, and neither is one to a docstring.
"""

import ast
import collections
import copy
import os
import pathlib

from poodle import PoodleTestingFailedError
from poodle.data_types import Mutator
from poodle.mutate import builtin_mutators
from poodle.util import mutate_lines

# The mutants that are as good as the module: "the old lines -> the new lines", and why
# that makes no difference.
EQUIVALENT = {
    "_interfaces = None -> _interfaces = ' '": "it has no interfaces, either",
}

scratch = pathlib.Path(os.environ["TOX_ENV_DIR"], "tmp")
here = pathlib.Path(__file__).resolve().parent

# Poodle goes on without this file if an import of it fails, but not without a folder.
source_folders = ["."]
only_files = ["stringtransport.py"]
work_folder = scratch / "poodle"
max_workers = os.cpu_count()
echo_enabled = False
skip_mutators = ["all"]
add_mutators = ["poodle_config.mutants"]
reporters = ["poodle_config.judge"]
# A mutant that hangs is killed. Poodle would take it for a survivor, and leave it
# running, so its own limit is out of reach.
runner_opts = {
    "command_line": "env -u PYTHONPATH timeout 60"
    f" bash '{here}/surroundings' '{scratch}' python -m unittest -f"
}
min_timeout = 120


def mutants(config, parsed_ast, file_lines):
    """Return what Poodle and `more` make of all that runs, each mutant once."""
    found = list(more(parsed_ast))
    for mutator in builtin_mutators.values():
        # They write into what they are given.
        tree = copy.deepcopy(parsed_ast)
        found += mutator(config, print).create_mutations(tree, file_lines)
    unread = [
        ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset))
        for node in only_for_type_checkers(parsed_ast)
    ]
    distinct = {
        "\n".join(mutate_lines(mutant, file_lines)): mutant
        for mutant in found
        if not any(a <= (mutant.lineno, mutant.col_offset) < b for a, b in unread)
    }
    return list(distinct.values())


def more(tree):
    """Mutate the names that Poodle leaves alone: those that are assigned or tested."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            name, new = node.value, "None"
        elif isinstance(node, (ast.If, ast.IfExp)):
            name, new = node.test, f"not {ast.unparse(node.test)}"
        else:
            continue
        if isinstance(name, (ast.Name, ast.Attribute)):
            yield Mutator.create_file_mutation(name, new)


def only_for_type_checkers(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from node.body
        for annotation in ("annotation", "returns"):
            if getattr(node, annotation, None):
                yield getattr(node, annotation)


def judge(testing_results, **_):
    """Print the survivors, and fail if they are not those that are EQUIVALENT."""
    trials = testing_results.mutant_trials
    # Two mutants may read the same, and naming it excuses one of them.
    excused = collections.Counter(list(EQUIVALENT))
    for trial in trials:
        if not trial.result.found:
            diff = trial.mutant.unified_diff.splitlines()[2:]
            old, new = (
                " ".join(line[1:].strip() for line in diff if line[0] == sign)
                for sign in "-+"
            )
            excused[f"{old} -> {new}"] -= 1
            if excused[f"{old} -> {new}"] < 0:
                print("Survived:", *diff, sep="\n")
    survived, gone = -excused, +excused
    for change in gone:
        print("Named as equivalent, but killed or not made:", change)
    print(
        f"Ran {len(trials)} mutants (survived={survived.total()},"
        f" equivalent={len(EQUIVALENT) - gone.total()})"
    )
    if survived or gone:
        raise PoodleTestingFailedError
