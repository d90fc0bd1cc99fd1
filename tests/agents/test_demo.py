"""The demonstration runs to its end and says what there is to be seen."""

from unittest import mock

from tests.deep_thinking.conftest import ROOT, call_script
from thinkenv.tasks.registry import import_file


def test_a_smaller_demonstration(tmp_path, monkeypatch):
    monkeypatch.setattr("thinkenv.deep_thinking.distributed.usable_cores", lambda: 1)
    monkeypatch.syspath_prepend(ROOT / "agents")  # as where it is run as a script
    demo = import_file(ROOT / "agents" / "demo.py")
    with mock.patch.object(demo, "SIZES", (9, 13)), mock.patch.object(demo, "LONGER", (200, 300)):
        shown, _ = call_script("demo", "--folder", tmp_path / "demo", "--problems", 5)
    assert "- size 9: 100% of 5 unseen mazes solved with 140 iterations, 100% with 300" in shown
    assert "- size 13: " in shown
    found = {path.name for path in (tmp_path / "demo").iterdir()}
    assert found == {"results.json", "accuracy.png", "think.gif", "think.png"}
