"""The check with python-chess, which users need not have."""

import subprocess
import sys


def test_without_python_chess_all_but_the_replay_works():
    code = (
        "import sys; sys.modules['chess'] = None\n"
        "from thinkenv.__main__ import main\n"
        "sys.exit(main(['chess', 'info', *sys.argv[1:]]))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.returncode == 0 and "6,605 puzzles" in told.stdout
    refused = subprocess.run(
        [sys.executable, "-c", code, "--replay", "3"], capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert refused.stderr == "error: --replay needs python-chess: pip install 'thinkenv[replay]'\n"
