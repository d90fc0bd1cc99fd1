"""Where files go: the cache folder, and what is said where it cannot be written."""

import pytest

from thinkenv import files


def test_a_folder_of_the_cache_is_made_when_it_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("THINKENV_CACHE", str(tmp_path / "cache"))
    folder = files.writable_cache_dir("mine")
    assert folder == tmp_path / "cache" / "mine" and list(folder.iterdir()) == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("named", ["file/cache", "~nobody-of-this-name/cache"])
def test_a_cache_that_cannot_be_written_is_said_to_be_so_once(tmp_path, monkeypatch, capsys, named):
    (tmp_path / "file").touch()
    monkeypatch.setenv("THINKENV_CACHE", named if named[0] == "~" else str(tmp_path / named))
    monkeypatch.setattr(files, "_announced", set())
    assert files.writable_cache_dir("mine") is None
    assert files.writable_cache_dir("others") is None
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be written" in line and "THINKENV_CACHE" in line
    assert (tmp_path / "file").read_bytes() == b""
