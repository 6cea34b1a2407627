#!/usr/bin/env python3
"""Tests of linker.py and order.py on small C programs. Needs cc, and for some of them the lld of rustc on x86-64 with glibc."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
from linker import UNSTABLE, defined_functions, digest

HERE = pathlib.Path(__file__).parent
SOURCE = "int first(void) { return 1; } int second(void) { return 2; } int main(void) { return first() + second() - 3; }"
START = """\
events: Ir
ob=(1) /usr/bin/sigma
fn=(1) seldom
10 5
cob=(2) /lib/libc.so.6
cfn=(2) memcpy
calls=1 20
* 900
fn=(3) often
+1 40
fn=(1)
-2 3
fn=(4) often'2
* 60
ob=(2)
fn=(2)
20 900
"""
WORKLOAD = """\
ob=(1) /usr/bin/sigma
fn=(1) under_load
1 5000
fn=(2) seldom
2 10
"""


def directory_of_lld():
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True, check=True).stdout.strip()
    return pathlib.Path(sysroot, "lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld")


LLD = directory_of_lld()
needs_lld = unittest.skipUnless((LLD / "ld.lld").exists() and os.uname().machine == "x86_64", f"there is no {LLD}/ld.lld for this machine")


def write_script(file, commands):
    file.write_text(f"#!/bin/sh\n{commands}\n")
    file.chmod(0o755)


class Linker(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        (self.scratch / "deps").mkdir()
        (self.scratch / "main.c").write_text(SOURCE)
        subprocess.run(["cc", "-O0", "-ffunction-sections", "-c", "main.c"], cwd=self.scratch, check=True)

    def run_linker(self, listed, program="sigma-0123456789abcdef", lld=True, response_file=False, more=(), **environment):
        (self.scratch / "order.txt").write_text("# A comment.\n" + "".join(digest(name) + "\n" for name in listed))
        arguments = [self.scratch / "main.o", "-o", f"deps/{program}", *([f"-B{LLD}", "-fuse-ld=lld"] if lld else []), *more]
        if response_file:
            (self.scratch / "arguments").write_text("".join(f"{argument}\n" for argument in arguments))
            arguments = ["@arguments"]
        environment = {**os.environ, "SIGMA_LINK_ORDER": str(self.scratch / "order.txt"), "SIGMA_LINKER": "cc", **environment}
        return subprocess.run([HERE / "linker.py", *arguments], cwd=self.scratch, env=environment, capture_output=True, text=True)

    def link(self, listed, program="sigma-0123456789abcdef", **settings):
        """Links and returns the functions in their order in the program, and what was said."""
        linked = self.run_linker(listed, program, **settings)
        self.assertEqual(linked.returncode, 0, linked.stderr)
        self.assertEqual(subprocess.run([self.scratch / "deps" / program]).returncode, 0)
        rows = subprocess.run(["nm", "--numeric-sort", f"deps/{program}"], cwd=self.scratch, capture_output=True, text=True, check=True).stdout
        names = [row.split()[-1] for row in rows.splitlines()]
        return [name for name in names if name in ("first", "second", "main")], linked.stderr

    def refused(self, said, listed=("main",), **settings):
        """Expects that nothing is linked, and one line which says why."""
        linked = self.run_linker(listed, **settings)
        self.assertEqual(linked.returncode, 1)
        self.assertIn(said, linked.stderr)
        self.assertEqual(linked.stderr.count("\n"), 1)
        self.assertEqual(list((self.scratch / "deps").iterdir()), [])

    @needs_lld
    def test_functions_stand_in_the_order_of_the_list(self):
        for listed in (["main", "second", "first"], ["second", "first", "main"]):
            functions, said = self.link(listed)
            self.assertEqual(functions, listed)
            self.assertIn("3 of the 3 functions", said)
            self.assertNotIn("anew", said)

    @needs_lld
    def test_a_response_file_is_read(self):
        self.assertEqual(self.link(["main", "second", "first"], response_file=True)[0], ["main", "second", "first"])

    @needs_lld
    def test_the_same_input_gives_the_same_bytes(self):
        file = self.scratch / "deps/sigma-0123456789abcdef"
        self.link(["main", "second"])
        first = file.read_bytes()
        self.link(["main", "second"])
        self.assertEqual(file.read_bytes(), first)

    @needs_lld
    def test_an_outdated_list_is_reported(self):
        functions, said = self.link(["gone", "renamed", "second"])
        self.assertEqual(functions[0], "second")
        self.assertIn("1 of the 3 functions", said)
        self.assertIn("scripts/dist/order.sh", said)
        functions, said = self.link(["gone"])
        self.assertEqual(functions, ["first", "second", "main"])
        self.assertIn("without an order of functions: none of the 1 functions", said)

    @needs_lld
    def test_other_programs_are_linked_as_they_are(self):
        for program in ("sigma_bench-0123456789abcdef", "sigma", "build_script_build-0123456789abcdef"):
            self.assertEqual(self.link(["main", "second", "first"], program), (["first", "second", "main"], ""))

    @needs_lld
    def test_a_missing_list_keeps_nobody_from_linking(self):
        functions, said = self.link(["main"], SIGMA_LINK_ORDER=str(self.scratch / "none.txt"))
        self.assertEqual(functions, ["first", "second", "main"])
        self.assertIn("without an order", said)

    @needs_lld
    def test_the_directory_of_temporary_files_may_have_any_name(self):
        directory = self.scratch / "a, 'b"
        directory.mkdir()
        self.assertEqual(self.link(["main", "second", "first"], TMPDIR=str(directory))[0], ["main", "second", "first"])
        self.assertEqual(list(directory.iterdir()), [])

    @needs_lld
    def test_missing_room_for_temporary_files_keeps_nobody_from_linking(self):
        (self.scratch / "tempfile.py").write_text("def TemporaryDirectory(prefix):\n    raise OSError('No usable temporary directory')\n")
        functions, said = self.link(["main", "second", "first"], PYTHONPATH=str(self.scratch))
        self.assertEqual(functions, ["first", "second", "main"])
        self.assertEqual(said, "sigma: linked without an order of functions: No usable temporary directory\n")

    def test_an_unreadable_response_file_keeps_nobody_from_linking(self):
        (self.scratch / "more").write_text("-L'/none\n")
        write_script(self.scratch / "cc", 'exec cc "$1" "$2" "$3"')
        functions, said = self.link([], lld=False, more=["@more"], SIGMA_LINKER=str(self.scratch / "cc"))
        self.assertEqual(functions, ["first", "second", "main"])
        self.assertIn("without an order of functions: cannot read the arguments in more, No closing quotation", said)

    def test_a_required_order_is_not_left_out(self):
        for said, settings in (("lld missing", {"lld": False}), ("cannot read the arguments in more", {"more": ["@more"]})):
            (self.scratch / "more").write_text("-L'/none\n")
            self.refused(said, SIGMA_LINK_ORDER_REQUIRED="1", **settings)

    @needs_lld
    def test_a_required_order_needs_the_list_and_functions_of_it(self):
        self.refused("No such file", SIGMA_LINK_ORDER_REQUIRED="1", SIGMA_LINK_ORDER=str(self.scratch / "none.txt"))
        self.refused("none of the 1 functions", ["gone"], SIGMA_LINK_ORDER_REQUIRED="1")
        write_script(self.scratch / "nm", "kill -KILL $$")
        self.refused("nm was killed", SIGMA_LINK_ORDER_REQUIRED="1", PATH=f"{self.scratch}:{os.environ['PATH']}")
        (self.scratch / "nm").unlink()
        functions, said = self.link(["main", "second", "first"], SIGMA_LINK_ORDER_REQUIRED="1")
        self.assertEqual(functions, ["main", "second", "first"])

    def test_a_required_order_is_that_of_the_server(self):
        self.link(["main"], "sigma_bench-0123456789abcdef", lld=False, SIGMA_LINK_ORDER_REQUIRED="1")

    @needs_lld
    def test_functions_beside_bitcode_are_found(self):
        libraries = LLD.parents[1] / "lib"
        self.assertGreater(len(defined_functions(sorted(libraries.glob("libstd-*.rlib")))), 500)

    def test_another_linker_links_without_an_order(self):
        functions, said = self.link(["main", "second", "first"], lld=False)
        self.assertEqual(functions, ["first", "second", "main"])
        self.assertIn("without an order of functions: lld missing", said)

    def test_a_linker_whose_path_has_a_space_is_called(self):
        tool = self.scratch / "a b" / "cc"
        tool.parent.mkdir()
        write_script(tool, 'exec cc "$@"')
        self.assertEqual(self.link([], lld=False, SIGMA_LINKER=f"env '{tool}'")[0], ["first", "second", "main"])

    def test_a_linker_that_cannot_be_called_is_refused(self):
        (self.scratch / "link").symlink_to(HERE / "linker.py")
        for linker, said in (
            (str(HERE / "linker.py"), "SIGMA_LINKER is linker.py itself"),
            (f"env {self.scratch}/link", "SIGMA_LINKER is linker.py itself"),
            ("/none/cc -v", "SIGMA_LINKER names a program that is missing: /none/cc -v"),
            ("'cc", "SIGMA_LINKER is not a command, No closing quotation: 'cc"),
        ):
            self.refused(said, SIGMA_LINKER=linker)


class Build(unittest.TestCase):
    """Calls build.sh with a cargo that builds nothing and says what it was given."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        write_script(self.scratch / "rustc", "echo host: x86_64-unknown-linux-gnu")
        write_script(self.scratch / "cargo", 'echo "$SIGMA_LINKER"; echo "$CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"')

    def build(self, *arguments, **environment):
        """Returns what cargo gets as SIGMA_LINKER and as its linker."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CARGO_", "SIGMA_", "RUSTFLAGS"))}
        environment = {"CARGO_TARGET_DIR": str(self.scratch), **environment}
        environment = {**kept, "PATH": f"{self.scratch}:{kept['PATH']}", **{name: value for name, value in environment.items() if value}}
        built = subprocess.run([HERE / "build.sh", *arguments], env=environment, capture_output=True, text=True)
        self.assertEqual(built.returncode, 0, built.stderr)
        return tuple(built.stdout.splitlines())

    def test_the_linker_of_cargo_is_called(self):
        repository = HERE.resolve().parents[1]
        for given, called in (
            (None, "cc"),
            ("clang", "clang"),
            ("/opt/a b/cc", "'/opt/a b/cc'"),
            ("tools/cc", f"{repository}/tools/cc"),
            (str(HERE / "linker.py"), "cc"),
            ("scripts/dist/linker.py", "cc"),
        ):
            linker = str(HERE.resolve() / "linker.py")
            self.assertEqual(self.build(CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=given), (called, linker))

    def test_the_linker_of_sigma_is_kept_as_it_is(self):
        given = {"SIGMA_LINKER": "ccache cc", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": "/usr/bin/clang"}
        self.assertEqual(self.build(**given)[0], "ccache cc")

    def test_a_program_older_than_the_list_is_deleted_where_cargo_builds(self):
        target = "x86_64-unknown-linux-gnu"
        built = self.scratch / "built"
        for arguments, environment, deps in (
            ((), {"CARGO_TARGET_DIR": str(built)}, "dist/deps"),
            ((), {"CARGO_TARGET_DIR": None, "CARGO_BUILD_TARGET_DIR": str(built)}, "dist/deps"),
            ((), {"CARGO_TARGET_DIR": str(built), "CARGO_BUILD_TARGET_DIR": "/none", "CARGO_BUILD_TARGET": target}, f"{target}/dist/deps"),
            (("--target-dir", str(built)), {}, "dist/deps"),
            ((f"--target-dir={built}", "--target", target), {"CARGO_BUILD_TARGET_DIR": "/none"}, f"{target}/dist/deps"),
        ):
            program = built / deps / "sigma-0123456789abcdef"
            program.parent.mkdir(parents=True, exist_ok=True)
            program.touch()
            self.build(*arguments, **environment)
            self.assertTrue(program.exists())
            os.utime(program, (1, 1))
            self.build(*arguments, **environment)
            self.assertFalse(program.exists(), (arguments, environment))

    def test_without_python_the_order_is_left_out_unless_it_is_required(self):
        for tool in ("bash", "dirname", "sed"):
            (self.scratch / tool).symlink_to(shutil.which(tool))
        for required, said in (("", "takes some 13 MiB more"), ("1", "SIGMA_LINK_ORDER_REQUIRED is set")):
            environment = {"PATH": str(self.scratch), "SIGMA_LINK_ORDER_REQUIRED": required}
            built = subprocess.run([HERE / "build.sh"], env=environment, capture_output=True, text=True)
            self.assertEqual(built.returncode, 1 if required else 0, built.stderr)
            self.assertIn(said, built.stderr)


class Names(unittest.TestCase):
    def test_what_compilers_and_versions_change_is_left_out(self):
        for name, stable in (
            ("<alloc[fdfd2bd8633a6659]::vec::Vec<[f64; 2: usize]>>::push", "<alloc::vec::Vec<[f64; 2: usize]>>::push"),
            ("sigma[0]::of::<&[f64], [u8; 32: usize]>", "sigma::of::<&[f64], [u8; 32: usize]>"),
            ("core::fmt::Formatter::write_str::h0123456789abcdef", "core::fmt::Formatter::write_str"),
            ("aws_lc_0_47_0_SHA256_Init", "aws_lc_SHA256_Init"),
            ("rustsecp256k1_v0_11_ecdsa_sign", "rustsecp256k1_ecdsa_sign"),
            ("mi_heap_malloc_aligned_at", "mi_heap_malloc_aligned_at"),
        ):
            self.assertEqual(UNSTABLE.sub("", name), stable)


class Order(unittest.TestCase):
    def test_functions_of_a_start_are_first_by_their_own_cost(self):
        with tempfile.TemporaryDirectory() as scratch:
            for directory, profile in (("starts", START), ("workloads", WORKLOAD)):
                pathlib.Path(scratch, directory).mkdir()
                pathlib.Path(scratch, directory, "1").write_text(profile)
            command = [HERE / "order.py", f"{scratch}/starts", f"{scratch}/workloads"]
            made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        listed = [line for line in made.splitlines() if not line.startswith("#")]
        self.assertEqual(listed, [digest(name) for name in ("often", "seldom", "under_load")])


if __name__ == "__main__":
    unittest.main()
