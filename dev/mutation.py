"""
`make mutation`: how strong the tests of the clinical rules are.

Changes one thing at a time in an app's rules.py (`<` to `<=`, 120 to 121, a code to another) and runs that app's
test_rules.py. Where no test fails, nobody would notice the fault: the mutant has survived and is listed.

mutmut says what can be changed, but its own runner reaches only the insides of functions, and most of our rules are
tables. So the mutants are made from the whole module here. No file is touched: each mutant is compiled in a process
that is forked after the imports, so one costs little more than its tests.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import libcst as cst
import pytest
from libcst.metadata import CodeRange, MetadataWrapper, WhitespaceInclusivePositionProvider
from mutmut.mutation.mutators import mutation_operators

ROOT = Path(__file__).resolve().parent.parent
GOAL = 0.85
MINUTES = 20
MEMORY_LIMIT_BYTES = 2 * 1024**3  # a mutant that collects for ever ends here
# Twenty examples, the same ones in each run, and no search for a smaller one: a mutant only needs to fail.
hypothesis.settings.register_profile(
    "mutation",
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
)


# --- Mutants --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    number: int
    line: int
    before: str
    after: str
    source: str


def make_mutants(source: str) -> list[Mutant]:
    """
    Make all mutants of a module, in the order of its lines.

    Left out is what the tests of rules are not about: text for people (see `is_text`), types and decorators. In tables
    (all that stands outside functions) each number, code and flag is changed, but no call or assignment is taken apart.
    """
    visitor = _MutationVisitor()
    module = MetadataWrapper(cst.parse_module(source)).visit(visitor)
    begins = [0]  # of each line in the source
    for row in source.splitlines(keepends=True):
        begins.append(begins[-1] + len(row))
    mutants: dict[str, Mutant] = {}  # two operators may make the same change
    for span, node, change in visitor.changes:
        first, last = (begins[place.line - 1] + place.column for place in (span.start, span.end))
        before, after = module.code_for_node(node), module.code_for_node(change)
        mutated = source[:first] + after + source[last:]
        if mutated != source:
            mutants.setdefault(
                mutated, Mutant(len(mutants), span.start.line, _shorten(before), _shorten(after), mutated)
            )
    return list(mutants.values())


class _MutationVisitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (WhitespaceInclusivePositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[tuple[CodeRange, cst.CSTNode, cst.CSTNode]] = []
        self._functions = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator) or is_text(node):
            return False
        self._functions += isinstance(node, cst.FunctionDef)
        if not self._functions and isinstance(node, cst.Call | cst.Assign | cst.AnnAssign):
            return True
        for node_type, operator in mutation_operators:
            if isinstance(node, node_type):
                changes = [change for change in operator(node) if not _changes_text(node, change)]
                if isinstance(node, cst.SimpleString):
                    changes = changes[:1]  # a code in capitals tells no more than another code
                span = self.get_metadata(WhitespaceInclusivePositionProvider, node, None)
                self.changes += [(span, node, change) for change in changes if span]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self._functions -= isinstance(original_node, cst.FunctionDef)


def is_text(node: cst.CSTNode) -> bool:
    """Whether a string is text for people (a label, a source, a sentence): it has a space or begins with a capital."""
    if not isinstance(node, cst.BaseString):
        return False
    words = _literal_part(node)
    return " " in words or words[:1].isupper()


def _literal_part(node: cst.BaseString) -> str:
    if isinstance(node, cst.ConcatenatedString):
        return _literal_part(node.left) + _literal_part(node.right)
    if isinstance(node, cst.FormattedString):
        return "".join(part.value for part in node.parts if isinstance(part, cst.FormattedStringText))
    return str(node.raw_value) if isinstance(node, cst.SimpleString) else ""


def _changes_text(node: cst.CSTNode, change: cst.CSTNode) -> bool:
    """Return whether a change removes a text: an argument of a call, or the value of a name."""
    if isinstance(node, cst.Assign | cst.AnnAssign) and node.value is not None:
        return is_text(node.value)
    if isinstance(node, cst.Call) and isinstance(change, cst.Call):
        kept = {id(argument.value) for argument in change.args}
        return any(is_text(argument.value) for argument in node.args if id(argument.value) not in kept)
    return False


def _shorten(code: str) -> str:
    code = " ".join(code.split())
    return code if len(code) <= 110 else f"{code[:107]}..."


# --- Tests of one mutant --------------------------------------------------------------------------------------


def rules_path(app: str) -> Path:
    return ROOT / app / "rules.py"


def tests_path(app: str) -> Path:
    return ROOT / "tests" / app / "test_rules.py"


def run_tests(app: str, source: str) -> int:
    """Run an app's test_rules.py on this source of its rules, without Django, and return pytest's exit code."""
    name = f"{app}.rules"
    spec = importlib.util.spec_from_file_location(name, rules_path(app))
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    package: Any = importlib.import_module(app)
    sys.modules[name] = package.rules = module
    exec(compile(source, str(rules_path(app)), "exec"), module.__dict__)
    # The project's configuration asks for Django, and its conftest.py for a database.
    arguments = ["-x", "-q", "--tb=no", "--assert=plain", "--noconftest", "-c", os.devnull, "--rootdir", str(ROOT)]
    return int(pytest.main([*arguments, "-p", "no:cacheprovider", str(tests_path(app))], plugins=[_ExamplesLast()]))


class _ExamplesLast:
    """Runs the tests of single values first: they are quick, and notice most mutants."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis"))


def fork_tests(app: str, source: str, *, cpu_seconds: float, report: int | None = None) -> int:
    """
    Run the tests of a mutant in a forked process and return its id; it exits with 0 if no test notices the mutant.

    :param cpu_seconds: a process that computes longer gets SIGPROF and ends; so a busy machine makes no timeouts
    :param report: the end of a pipe that gets the names of the imported modules, and the seconds of computing
    """
    pid = os.fork()
    if pid:
        return pid
    exit_code = 1
    try:
        if report is None:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
        exit_code = run_tests(app, source)
        if report is not None and exit_code == 0:
            os.write(report, json.dumps([time.process_time(), *sys.modules]).encode())
    finally:
        os._exit(exit_code)


def run_unchanged(app: str, source: str) -> float:
    """
    Run the tests on the unchanged rules, import what they import from elsewhere, so that no fork repeats it.

    :returns: the seconds of computing that the tests took
    :raises SystemExit: the tests fail
    """
    receiver, sender = os.pipe()
    pid = fork_tests(app, source, cpu_seconds=300, report=sender)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        report = pipe.read()
    os.waitpid(pid, 0)
    if not report:
        sys.exit(f"{tests_path(app)} must pass on the unchanged rules, without Django and a database.")
    seconds, *names = json.loads(report)
    own_packages = {path.name for path in ROOT.iterdir()}
    for name in names:
        if name.partition(".")[0] not in own_packages:
            with contextlib.suppress(ImportError):  # some names stand for no file
                importlib.import_module(name)
    return float(seconds)


# --- The drill ------------------------------------------------------------------------------------------------


@dataclass
class Result:
    mutants: int
    killed: int = 0
    timeouts: int = 0
    survivors: list[Mutant] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.killed + self.timeouts + len(self.survivors)

    @property
    def score(self) -> float:
        """The share of the mutants that the tests notice. An endless loop is noticed."""
        return (self.killed + self.timeouts) / self.tried if self.tried else 1.0


def drill(app: str, *, minutes: float, jobs: int) -> Result:
    """Try the mutants of an app's rules, `jobs` at a time, until the minutes are over."""
    source = rules_path(app).read_text()
    run_unchanged(app, source)
    cpu_seconds = max(3.0, 10 * run_unchanged(app, source))  # the second run imports nothing
    gc.freeze()  # a third less work in each fork
    gc.disable()
    mutants = make_mutants(source)
    result = Result(len(mutants))
    stop_at = time.monotonic() + 60 * minutes
    waiting, running = iter(mutants), dict[int, Mutant]()
    while True:
        while len(running) < jobs and time.monotonic() < stop_at and (mutant := next(waiting, None)):
            running[fork_tests(app, mutant.source, cpu_seconds=cpu_seconds)] = mutant
        if not running:
            break
        pid, status = os.wait()
        mutant = running.pop(pid)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGPROF:
            result.timeouts += 1
        elif status:
            result.killed += 1
        else:
            result.survivors.append(mutant)
    result.survivors.sort(key=lambda mutant: mutant.number)
    return result


def show(app: str, result: Result, seconds: float) -> None:
    print(
        f"{app}/rules.py: {result.score:.1%} of {result.tried} mutants noticed in {seconds / 60:.1f} min "
        f"({result.killed} killed, {result.timeouts} timeouts, {len(result.survivors)} survived)"
    )
    if result.tried < result.mutants:
        print(f"  time is over: {result.mutants - result.tried} more mutants were not tried")
    for mutant in result.survivors:
        print(f"  {app}/rules.py:{mutant.line}: {mutant.before}  →  {mutant.after}")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    apps = sorted(path.parent.name for path in (ROOT / "tests").glob("*/test_rules.py"))
    parser = argparse.ArgumentParser(prog="python -m dev.mutation", description="Mutation tests of the clinical rules.")
    parser.add_argument("apps", nargs="*", metavar="app", help=f"of: {', '.join(apps)}; all by default")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="at most for each app (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time (default: %(default)s)")
    options = parser.parse_args(arguments)
    if unknown := set(options.apps) - set(apps):
        parser.error(f"no tests/*/test_rules.py for {', '.join(sorted(unknown))}")
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TZ": "UTC"}  # the same result on each machine
    time.tzset()
    hypothesis.settings.load_profile("mutation")
    weak = []
    for app in options.apps or apps:
        started = time.monotonic()
        result = drill(app, minutes=options.minutes, jobs=options.jobs)
        show(app, result, time.monotonic() - started)
        if result.score < GOAL:
            weak.append(app)
    if weak:
        print(f"under {GOAL:.0%}: {', '.join(weak)}. Write the tests that notice what survived.")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
