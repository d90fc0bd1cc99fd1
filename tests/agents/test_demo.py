"""The demonstration runs to its end and says what there is to be seen."""

from agents import demo


def test_a_smaller_demonstration(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    monkeypatch.setattr(demo, "SIZES", (9, 13))
    monkeypatch.setattr(demo, "MAZES", 5)
    assert demo.main() == 0
    shown = capsys.readouterr().out
    assert "- size 9: 100% of 5 unseen mazes solved with 72 iterations, 100% with 1,500" in shown
    assert "- size 13: " in shown
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"results.json", "accuracy.png", "think.gif", "think.png"}
