#!/usr/bin/env python3
"""Writes the list of the functions that run, from two directories with profiles of callgrind (--demangle=no).

    scripts/dist/order.py STARTS WORKLOADS >scripts/dist/order.txt

Those that run in starts are first, because a server without load has no others in memory; in both groups the hottest are first. Called by
scripts/dist/order.sh. The same profiles give the same list.
"""

import collections
import pathlib
import re
import sys

sys.dont_write_bytecode = True
from linker import digest, stable_names

HEADER = """\
# The functions of the server that run, first those of a start: scripts/dist/linker.py puts them beside each other in the program.
# A line is a digest of a function's name without what a new compiler changes in it. Made by scripts/dist/order.sh; do not edit.
"""
ENTRY = re.compile(r"(c?ob|c?fn)=\((\d+)\)(?: (.*))?")
COST = re.compile(r"(?:[+-]?\d+|\*) (\d+)")


def add_costs(profile, costs):
    """Adds the instructions that each function of the program executed itself."""
    names, library, function, of_callee = {}, False, None, False
    for line in profile.open(errors="replace"):
        if entry := ENTRY.match(line):
            kind, number, name = entry.groups()
            # Callers and callees share the numbers of functions, and of files.
            space = kind[-2:], number
            if name is not None:
                names[space] = name.strip()
            if kind == "ob":
                library = ".so" in pathlib.PurePath(names[space]).name
            elif kind == "fn":
                function = None if library else re.sub(r"'\d+$", "", names[space])
        elif line.startswith("calls="):
            of_callee = True
        elif cost := COST.match(line):
            if function and not of_callee:
                costs[function] += int(cost[1])
            of_callee = False


def read_costs(directory):
    """Returns the instructions of each function, by its stable name."""
    costs = collections.Counter()
    for profile in pathlib.Path(directory).iterdir():
        add_costs(profile, costs)
    # Functions without a name have their address.
    symbols = [symbol for symbol in costs if not re.match(r"0x|\(|\?", symbol)]
    totals = collections.Counter()
    for symbol, name in zip(symbols, stable_names(symbols)):
        totals[name] += costs[symbol]
    return totals


def main(starts, workloads):
    in_starts = read_costs(starts)
    totals = in_starts + read_costs(workloads)
    names = sorted(totals, key=lambda name: (name not in in_starts, -totals[name], name))
    print(HEADER, end="")
    print(*dict.fromkeys(map(digest, names)), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
