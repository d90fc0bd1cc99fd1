"""Every Python block of every page runs, those of a page one after the other in one process."""

import re
import subprocess
import sys

import pytest

from .conftest import PAGES, ROOT, fences, printed_by

# Examples with a prompt are the docstrings' own, which pytest runs as doctests. The sections of the
# page about clients need libraries that not everybody has: test_clients_page.py runs them.
WITH_CODE = {
    name: blocks
    for name in PAGES
    if name != "docs/clients.md"
    and (blocks := [block for block in fences(name, "python") if not block.startswith(">>>")])
}
# What the blocks of some pages print.
PRINTED = {
    "README.md": r"True 1\.0\nTrue after \d+ iterations\n"
    r"(33 dfs 0\.0 100% of 20\n){3}59 wilson 0\.0 100% of 20\n[\s\S]*33 dfs 0\.1 0% of 20\n",
    "docs/suites.md": r"9 100% of 20 0\.838\d* 1\.0\n[\s\S]*201 100% of 20 0\.838\d* 1\.0\n",
    "docs/add_a_task.md": r"\(3, 9, 9\) \[ True  True  True\]\n1\.0\n",
}


@pytest.mark.parametrize("name", WITH_CODE)
def test_the_code_of_a_page_runs_and_prints_what_it_says(name, tmp_path):
    printed = printed_by("\n\n".join(WITH_CODE[name]), tmp_path)
    assert re.fullmatch(PRINTED.get(name, r"[\s\S]*"), printed), printed


def test_the_first_example_is_eight_lines_and_needs_no_torch(tmp_path):
    first = WITH_CODE["README.md"][0]
    assert len(first.splitlines()) <= 8
    script = tmp_path / "first.py"
    script.write_text("import sys\nsys.modules['torch'] = None\n" + first)
    done = subprocess.run([sys.executable, script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "True 1.0\n", done.stderr


def test_pages_about_code_have_code():
    for name in ("README.md", *(f"docs/{page}.md" for page in ("agents", "data_flow", "files"))):
        assert WITH_CODE[name], name
