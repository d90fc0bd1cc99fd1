"""Pages link to what is there, and all can be reached."""

import re

import pytest

from .conftest import PAGES, ROOT, page


def targets(name: str) -> list[tuple[str, str]]:
    """The files and the headings that a page links to, outside of code."""
    text = re.sub(r"^```.*?^```$", "", page(name), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    return [tuple(f"{link}#".split("#")[:2]) for link in links if "://" not in link]


def headings(text: str) -> set[str]:
    """The names under which the headings of a page can be linked to."""
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(name):
    for path, heading in targets(name):
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), f"{name} links to {path}"
        if heading:
            assert heading in headings(target.read_text()), f"{name} links to {path}#{heading}"


def test_the_index_and_the_readme_lead_to_every_page():
    reached = {"README.md"}
    waiting = ["README.md"]
    while waiting:
        name = waiting.pop()
        for path, _ in targets(name):
            target = ((ROOT / name).parent / path).resolve()
            if path and target.suffix == ".md" and target.is_relative_to(ROOT):
                relative = str(target.relative_to(ROOT))
                if relative not in reached:
                    reached.add(relative)
                    waiting.append(relative)
    assert set(PAGES) - {"CHANGELOG.md"} <= reached
    in_index = {path for path, _ in targets("docs/index.md")}
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"} <= in_index


def test_no_page_and_no_source_links_to_a_package_index():
    names = ("thinkenv", "agents", "benchmarks", "examples")
    sources = [path for name in names for path in (ROOT / name).rglob("*.[mp][dy]")]
    for file in [*(ROOT / name for name in PAGES), *sources]:
        for word in ("pypi.", "npmjs.", "conda.", "anaconda."):
            assert word not in file.read_text(), f"{file} names {word}"


def test_the_readme_stays_short():
    assert len(page("README.md").splitlines()) <= 230


def test_the_file_tree_of_the_readme_is_there():
    (tree,) = re.findall(r"^```\n(thinkenv/.*?)^```$", page("README.md"), re.DOTALL | re.MULTILINE)
    parents = []
    for line in tree.splitlines():
        indent = (len(line) - len(line.lstrip())) // 2
        for name in re.findall(r"^\s*(\S+)|(\S+\.py): ", line):
            path = "/".join([*parents[:indent], *filter(None, name)]).replace("//", "/")
            assert (ROOT / path).exists(), path
        parents = [*parents[:indent], line.split()[0]]
    listed = {line.split()[0].rstrip("/") for line in tree.splitlines() if line.startswith("  ")}
    public = {
        path.name
        for path in (ROOT / "thinkenv").iterdir()
        if path.is_dir() and (path / "__init__.py").exists()
    }
    assert public <= listed
