"""Results say where they come from: this checkout's commit, or none."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import thinkenv
from thinkenv import provenance

ROOT = Path(__file__).resolve().parents[1]


def run_git(folder, *arguments):
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    run = subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


@pytest.fixture
def copy(tmp_path):
    """The package in a folder of its own, as a checkout has it, without git."""
    folder = tmp_path / "checkout"
    (folder / "thinkenv").mkdir(parents=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in ("__init__.py", "provenance.py", "files.py"):
        shutil.copy(ROOT / "thinkenv" / name, folder / "thinkenv")
    return folder


def found_in(folder, code, *arguments):
    run = subprocess.run(
        [sys.executable, "-c", f"from thinkenv import provenance; {code}", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def commit_of(folder):
    return found_in(folder, "print(provenance.commit())")


def test_the_commit_is_that_of_the_checkout_and_says_whether_files_differ(copy):
    assert commit_of(copy) == "unknown"
    run_git(copy, "init", "--quiet")
    run_git(copy, "add", ".")
    run_git(copy, "commit", "--quiet", "--message", "first")
    head = run_git(copy, "rev-parse", "HEAD")
    assert commit_of(copy) == head
    run_git(copy, "tag", "--annotate", "--message", "released", "v1")
    assert commit_of(copy) == head
    (copy / "more.txt").write_text("not part of it")
    assert commit_of(copy) == head
    (copy / "pyproject.toml").open("a").write("\n")
    assert commit_of(copy) == f"{head}+changes"


def test_somebody_elses_repository_around_the_package_is_not_ours(copy):
    for name in ("init --quiet", "add .", "commit --quiet --message theirs"):
        run_git(copy.parent, *name.split())
    assert commit_of(copy) == "unknown"
    shutil.rmtree(copy.parent / ".git")
    for name in ("init --quiet", "add .", "commit --quiet --message theirs"):
        run_git(copy, *name.split())
    (copy / "pyproject.toml").write_text('[project]\nname = "theirs"\n')
    assert commit_of(copy) == "unknown"
    (copy / "pyproject.toml").unlink()
    assert commit_of(copy) == "unknown"


def test_git_is_asked_once_and_not_before_the_commit_is(copy):
    code = (
        "import subprocess, sys; calls = []; "
        "run = subprocess.run; "
        "subprocess.run = lambda *args, **options: calls.append(args) or run(*args, **options); "
        "import thinkenv.provenance as provenance; assert not calls; "
        "provenance.provenance(); first = len(calls); provenance.provenance(); "
        "print(first, len(calls), 'torch' in sys.modules, 'numba' in sys.modules)"
    )
    for name in ("init --quiet", "add .", "commit --quiet --message first"):
        run_git(copy, *name.split())
    first, second, torch, numba = found_in(copy, code).split()
    assert int(first) == int(second) > 0 and (torch, numba) == ("False", "False")


def test_the_command_is_as_one_types_it_in_the_root(monkeypatch):
    words = [str(ROOT / "agents" / "think.py"), "--gif", str(ROOT / "runs" / "a b.gif"), "9"]
    monkeypatch.setattr(sys, "argv", words)
    assert provenance.command() == "python agents/think.py --gif 'runs/a b.gif' 9"
    monkeypatch.chdir(ROOT / "agents")
    monkeypatch.setattr(sys, "argv", ["think.py"])
    assert provenance.command() == "python agents/think.py"
    monkeypatch.setattr(sys, "argv", ["/elsewhere/script.py", "--size", "9"])
    assert provenance.command() == "python /elsewhere/script.py --size 9"


def test_a_result_is_stored_behind_where_it_comes_from(tmp_path):
    path = tmp_path / "new" / "result.json"
    provenance.store_result(path, {"rows": [1, 2]})
    stored = json.loads(path.read_text())
    assert list(stored) == ["command", "commit", "time", "versions", "machine", "rows"]
    assert stored["commit"] == provenance.commit() and stored["rows"] == [1, 2]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", stored["time"])
    assert {"python", "numpy", "numba", "gymnasium"} <= set(stored["versions"])
    assert stored["versions"]["thinkenv"] == thinkenv.__version__
    assert stored["machine"].count(" cores, ") == 1
