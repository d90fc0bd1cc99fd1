"""Downloads from a local server that breaks off, changes its mind, and serves garbage."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import zstandard

from thinkenv.__main__ import main
from thinkenv.chess_puzzles.downloading import DownloadError, download
from thinkenv.chess_puzzles.puzzles import BUNDLED

CONTENT = zstandard.ZstdCompressor(write_checksum=True).compress(BUNDLED.read_bytes())


class Server:
    """Serves ``content`` with ranges, breaking off after so many bytes of an answer."""

    def __init__(self):
        self.content = CONTENT
        self.tag = '"one"'
        self.break_after: list[int] = []  # for each answer in turn
        self.status = None
        self.length = None  # what to say instead of the number of bytes
        self.ranges: list[str | None] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = self.headers.get("Range")
                server.ranges.append(wanted)
                if server.status is not None:
                    self.send_error(server.status)
                    return
                content, status = server.content, 200
                if wanted and self.headers.get("If-Range") == server.tag:
                    begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
                    if begin >= len(content):
                        self.send_error(416)
                        return
                    content, status = content[begin:], 206
                self.send_response(status)
                self.send_header("Content-Length", server.length or str(len(content)))
                if server.tag:
                    self.send_header("ETag", server.tag)
                self.end_headers()
                sent = server.break_after.pop(0) if server.break_after else len(content)
                self.wfile.write(content[:sent])

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.http.server_port}/puzzles.csv.zst"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_download_that_breaks_off_goes_on_where_it_was(server, tmp_path):
    server.break_after = [10_000, 20_000]
    received = []
    download(server.address, tmp_path / "p.csv.zst", received.append, pause=0.01)
    assert (tmp_path / "p.csv.zst").read_bytes() == CONTENT
    assert files(tmp_path) == ["p.csv.zst"]
    assert server.ranges == [None, "bytes=10000-", "bytes=30000-"]
    assert sum(received) == len(CONTENT)


def test_a_second_call_goes_on_after_giving_up(server, tmp_path):
    server.break_after = [10_000, 0, 0]
    with pytest.raises(DownloadError, match="10,000 bytes are kept"):
        download(server.address, tmp_path / "p.csv.zst", attempts=2, pause=0.01)
    assert "p.csv.zst" not in files(tmp_path)
    download(server.address, tmp_path / "p.csv.zst", pause=0.01)
    assert (tmp_path / "p.csv.zst").read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=10000-"


def test_a_file_that_changed_meanwhile_is_begun_anew(server, tmp_path):
    server.break_after = [10_000, 0, 0]
    with pytest.raises(DownloadError):
        download(server.address, tmp_path / "p.csv.zst", attempts=2, pause=0.01)
    server.content = zstandard.compress(BUNDLED.read_bytes(), 10)
    server.tag = '"two"'
    received = []
    download(server.address, tmp_path / "p.csv.zst", received.append, pause=0.01)
    assert (tmp_path / "p.csv.zst").read_bytes() == server.content
    assert sum(received) == len(server.content)


def test_without_a_tag_nothing_is_joined(server, tmp_path):
    server.tag = ""
    server.break_after = [10_000]
    download(server.address, tmp_path / "p.csv.zst", pause=0.01)
    assert (tmp_path / "p.csv.zst").read_bytes() == CONTENT
    assert server.ranges == [None, None]


@pytest.mark.parametrize("content", [b"<html>Sorry</html>", CONTENT[:-1000], b""])
def test_garbage_and_truncated_files_are_refused_and_removed(server, tmp_path, content):
    server.content = content
    with pytest.raises(ValueError, match="is damaged and was removed"):
        download(server.address, tmp_path / "p.csv.zst", pause=0.01)
    assert files(tmp_path) == []


def test_a_length_that_is_not_a_number_is_passed_over(server, tmp_path):
    server.length = "many"
    download(server.address, tmp_path / "puzzles.csv.zst")
    assert (tmp_path / "puzzles.csv.zst").read_bytes() == CONTENT


def test_a_server_of_another_kind_is_reported(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=greet_like_mail, args=(listening,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/puzzles.csv.zst"
        with pytest.raises(DownloadError, match="0 bytes are kept"):
            download(address, tmp_path / "puzzles.csv.zst", attempts=1)
    assert (
        main(["chess", "download", "--address", "http://host:port/x", "--to", str(tmp_path)]) == 1
    )
    assert "address must be that of a file, got 'http://host:port/x'" in capsys.readouterr().err


def greet_like_mail(listening: socket.socket) -> None:
    """Answer one connection as a mail server does."""
    connection, _ = listening.accept()
    with connection:
        connection.sendall(b"220 mail.example.org ESMTP\r\n")
        connection.recv(1000)


def test_a_refusal_is_reported(server, tmp_path):
    server.status = 404
    with pytest.raises(DownloadError, match="the server answers 404"):
        download(server.address, tmp_path / "p.csv.zst", pause=0.01)
    assert files(tmp_path) == []


def test_a_server_that_cannot_be_reached_is_reported(server, tmp_path):
    server.http.shutdown()
    server.http.server_close()
    with pytest.raises(DownloadError, match="refused"):
        download(server.address, tmp_path / "p.csv.zst", attempts=2, pause=0.01)


def test_the_command_line_downloads_imports_and_describes(server, tmp_path, capsys):
    words = ["chess", "download", "--address", server.address, "--to", str(tmp_path)]
    assert main(words) == 0
    assert files(tmp_path) == ["puzzles.csv.zst", "puzzles.puzzles"]
    assert "6,605 puzzles written" in capsys.readouterr().out
    assert main(["chess", "info", str(tmp_path / "puzzles.puzzles"), "--replay", "50"]) == 0
    out = capsys.readouterr().out
    assert "6,605 puzzles from puzzles.csv.zst" in out and "50 puzzles replayed" in out
    assert main(["chess", "import", str(BUNDLED), "--to", str(tmp_path / "b.puzzles")]) == 0
    assert main(["chess", "import", str(tmp_path / "none.csv")]) == 1
    assert "none.csv: there is no such file" in capsys.readouterr().err
