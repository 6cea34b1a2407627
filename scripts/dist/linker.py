#!/usr/bin/env python3
"""Links as cc does, and puts the functions of the server that run beside each other.

    CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=scripts/dist/linker.py cargo build --profile dist --bin sigma

scripts/dist/build.sh calls cargo so. The linker is SIGMA_LINKER, words quoted as for a shell, by default cc. When lld links the program `sigma`, it gets the functions
that scripts/dist/order.txt lists (SIGMA_LINK_ORDER names another file) in that order; everything else is linked as if this script were not
there. What goes wrong with the order is said and does not keep the program from being linked, unless SIGMA_LINK_ORDER_REQUIRED is set. The
same input and binutils give the same bytes.

rustc takes the kind of a linker from its name: one called `link` would be given the arguments of `ld`.
"""

import base64
import contextlib
import hashlib
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ORDER = pathlib.Path(os.environ.get("SIGMA_LINK_ORDER") or pathlib.Path(__file__).with_name("order.txt"))
REQUIRED = bool(os.environ.get("SIGMA_LINK_ORDER_REQUIRED"))
PROGRAM = re.compile(r"(^|/)deps/sigma-[0-9a-f]{16}$")
FUNCTIONS = set("tTwWi")
SECONDS = 120
# What compilers and new versions change in a name: Rust's hashes (of crates, and those at the end), and the versions in names of C libraries
# (aws_lc_0_47_0_SHA256_Init).
UNSTABLE = re.compile(r"(?<=\w)\[[0-9a-f]+\]|::h[0-9a-f]{16}$|(?<=_)v?\d+_\d+_(?:\d+_)?(?=[A-Za-z])")


def stable_names(symbols):
    """Returns each symbol's name as people write it, without what another compiler or version would change."""
    text = "".join(symbol + "\n" for symbol in symbols)
    names = subprocess.run(["c++filt"], input=text, capture_output=True, text=True, check=True, timeout=SECONDS).stdout.splitlines()
    if len(names) != len(symbols):
        raise ValueError("c++filt lost names")
    return [UNSTABLE.sub("", name) for name in names]


def digest(name):
    """Returns what the list has of a name: the first 48 bits of its SHA-256, in eight characters."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()[:6]).decode()


def read_list(file):
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def defined_functions(files):
    """Returns the symbols of all functions in objects and archives, in their order there."""
    # Without a plugin, because that of LLVM reads the bitcode beside the code, if it can, and finds no functions. nm fails in the end if one
    # of the files is no object; killed, it has listed only some.
    command = ["nm", "--plugin=/dev/null", "--defined-only", "--format=posix", *files]
    listing = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    if listing.returncode < 0:
        raise ValueError("nm was killed")
    rows = (line.split() for line in listing.stdout.splitlines())
    return list(dict.fromkeys(row[0] for row in rows if len(row) > 2 and row[1] in FUNCTIONS))


def ordered(symbols, listed):
    """Returns those symbols that are listed, in the list's order, and how many of the list there are."""
    place = {entry: number for number, entry in enumerate(listed)}
    places = [place.get(digest(name)) for name in stable_names(symbols)]
    found = sorted((at, number) for number, at in enumerate(places) if at is not None)
    return [symbols[number] for _, number in found], len({at for at, _ in found})


def expanded(arguments):
    """Returns the arguments with those of response files in place of their names."""
    for argument in arguments:
        if argument.startswith("@") and os.path.isfile(argument[1:]):
            try:
                yield from shlex.split(pathlib.Path(argument[1:]).read_text())
            except ValueError as error:
                raise ValueError(f"cannot read the arguments in {argument[1:]}, {error}") from error
        else:
            yield argument


def output(arguments):
    return next((value for option, value in zip(arguments, arguments[1:]) if option == "-o"), "")


def say(message):
    print("sigma:", message, file=sys.stderr)


def reason(error):
    if isinstance(error, subprocess.TimeoutExpired):
        return f"{error.cmd[0]} took more than {SECONDS} s"
    return str(error)


def order_of(arguments):
    """Returns the symbols to order."""
    missing = [tool for tool in ("nm", "c++filt") if not shutil.which(tool)]
    if "-fuse-ld=lld" not in arguments:
        missing.append("lld")
    if missing:
        raise ValueError(f"{' and '.join(missing)} missing")
    files = [argument for argument in arguments if argument.endswith((".o", ".a", ".rlib")) and os.path.isfile(argument)]
    listed = read_list(ORDER)
    symbols, found = ordered(defined_functions(files), listed)
    if not symbols:
        raise ValueError(f"none of the {len(listed)} functions in {ORDER.name} are in the program; make the list anew with scripts/dist/order.sh")
    say(f"{found} of the {len(listed)} functions in {ORDER.name} are in the program, as {len(symbols)} symbols")
    if found * 2 < len(listed):
        say("fewer than half: make the list anew with scripts/dist/order.sh, or the server takes more memory than it has to")
    return symbols


def linker():
    """Returns the words that call the linker, and ends with a message if they cannot be run or call this script."""
    setting = os.environ.get("SIGMA_LINKER") or "cc"
    try:
        words = shlex.split(setting)
    except ValueError as error:
        sys.exit(f"sigma: SIGMA_LINKER is not a command, {error}: {setting}")
    programs = [shutil.which(word) for word in words]
    if not programs or not programs[0]:
        sys.exit(f"sigma: SIGMA_LINKER names a program that is missing: {setting}")
    if any(program and os.path.samefile(program, __file__) for program in programs):
        sys.exit(f"sigma: SIGMA_LINKER is {pathlib.Path(__file__).name} itself: name the linker that it calls, such as cc")
    return words


def options(arguments, directory):
    """Returns what the linker is to be given beside the arguments; nothing if it does not link the server."""
    given = list(expanded(arguments))
    if not PROGRAM.search(output(given)):
        return []
    file = pathlib.Path(directory(), "symbols.txt")
    file.write_text("".join(symbol + "\n" for symbol in order_of(given)))
    # Not -Wl, which ends an option at a comma.
    return ["-Xlinker", f"--symbol-ordering-file={file}", "-Xlinker", "--no-warn-symbol-ordering"]


def main(arguments):
    command = [*linker(), *arguments]
    with contextlib.ExitStack() as stack:
        try:
            command += options(arguments, lambda: stack.enter_context(tempfile.TemporaryDirectory(prefix="sigma-order-")))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            if REQUIRED:
                say(f"not linked, because SIGMA_LINK_ORDER_REQUIRED is set and there is no order of functions: {reason(error)}")
                return 1
            say(f"linked without an order of functions: {reason(error)}")
        return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
