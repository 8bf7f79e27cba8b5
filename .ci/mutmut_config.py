"""Names the mutants of mutmut that are as good as the module, with the reasons."""

EQUIVALENT = {
    # The line, and which of its mutations.
    ("TYPE_CHECKING = False", 1): "it becomes None, which is as false",
}


def pre_mutation(context):
    mutant = context.current_source_line.strip(), context.mutation_id.index
    context.skip = mutant in EQUIVALENT
