"""A small interpreter for pure Python, so that expectations are read from code without running it.

Function bodies are walked node by node over their syntax tree; nothing of the user's is compiled, imported
or executed. Values are ordinary Python objects of a closed set of types, class statements build real
classes whose methods are interpreted, and everything outside the subset (files, clocks, randomness, unknown
packages, module state) ends the evaluation with `NotUnderstood`. What is understood is therefore exact.

Map of the parts::

    budget.py        what an evaluation may cost, and NotUnderstood
    scope.py         names
    runtime.py       Run: the state of one evaluation, modules, the boundary to native operations
    expressions.py   statements.py   patterns.py    the walk
    functions.py     classes.py      streams.py     what definitions become
    attributes.py   calls.py   natives.py   stdlib.py   what may be touched outside interpreted code
"""
