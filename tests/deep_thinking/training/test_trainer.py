"""Training: learns, goes on exactly after an interruption, and is the same on two processes."""

import csv
import json
import signal
import time
from pathlib import Path

import pytest
import torch

from thinkenv.deep_thinking.checkpoint import read_state, to_bytes
from thinkenv.deep_thinking.chess_problems import ChessProblems
from thinkenv.deep_thinking.maze_problems import MazeProblems
from thinkenv.deep_thinking.architectures.recurrent import build_net
from thinkenv.deep_thinking.training.trainer import (
    Plan,
    Slots,
    Trainer,
    iterations_of_step,
    learning_rate_of_step,
)

from .conftest import SMALL_NET, refusal, run_script, start_script

TINY = (
    "agents/train_dt.py --memory-channels 8 --hidden-channels 8 --batch 8 --short-iterations 2 4 "
    "--long-iterations 10 12 --log-every 2 --validate-every 12 --checkpoint-every 5 "
    "--validation-problems 4 --threads 1"
).split()


def plan(**changes) -> Plan:
    settings = dict(
        steps=40,
        short_steps=20,
        short_iterations=(2, 4),
        long_iterations=(10, 12),
        short_starts=("empty", "continued", "continued", "changed"),
        long_starts=("empty", "foreign", "changed", "random"),
        batch=8,
        learning_rate=1e-3,
        warm_up=0.1,
        weight_decay=0.01,
        clip=1.0,
        update_chance=0.5,
        memory_noise=0.2,
        rest_penalty=0.2,
        averaging=0.9,
        progressive=True,
    )
    return Plan(**{**settings, **changes})


def trainer_of(architecture="recurrent", seed=0, recall=True, **changes) -> Trainer:
    arguments = dict(SMALL_NET)
    if architecture == "feed_forward":
        del arguments["hidden_channels"]
    elif not recall:
        arguments["recall"] = False
    torch.manual_seed(seed)
    net = build_net(architecture, arguments)
    return Trainer(net, MazeProblems(), plan(**changes), seed, torch.device("cpu"))


def metrics_of(folder) -> list[dict]:
    """The rows of a run's metrics, without the times."""
    with open(folder / "metrics.csv", newline="") as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def chess_trainer(**changes) -> Trainer:
    torch.manual_seed(0)
    arguments = {"input_channels": 18, "answer_channels": 2, "memory_channels": 16}
    net = build_net("recurrent", {**arguments, "hidden_channels": 32, "gated": True})
    starts = dict(short_starts=("empty",), long_starts=("empty", "continued", "random"))
    return Trainer(net, ChessProblems(), plan(**starts, **changes), 0, torch.device("cpu"))


def test_training_on_chess_puzzles_goes_on_exactly_where_it_was():
    whole, first, second = (chess_trainer(steps=8, short_steps=3) for _ in range(3))
    losses = [float(whole.step()[0][0]) for _ in range(8)]
    for _ in range(5):
        first.step()
    second.load_state(read_state(Path("state"), to_bytes(first.state())))
    assert [float(second.step()[0][0]) for _ in range(3)] == losses[5:]


def test_a_net_learns_chess_puzzles():
    trainer = chess_trainer(steps=150, short_steps=120, batch=32, learning_rate=5e-3)
    losses = [float(trainer.step()[0][0]) for _ in range(120)]
    # 4.16 is guessing among 64 squares.
    assert losses[0] > 4.0 and sum(losses[-10:]) / 10 < 3.6


@pytest.mark.parametrize(
    "options",
    [{}, {"recall": False}, {"progressive": False}, {"architecture": "feed_forward"}],
    ids=["default", "no recall", "no progressive loss", "feed-forward"],
)
def test_each_variant_lowers_its_loss(options):
    trainer = trainer_of(steps=120, short_steps=100, learning_rate=1e-2, **options)
    losses = [float(trainer.step()[0][0]) for _ in range(120)]
    assert sum(losses[-20:]) / 20 < 0.8 * sum(losses[:5]) / 5


def test_slots_go_through_every_kind_of_start():
    trainer = trainer_of()
    seen = {"short": set(), "long": set()}
    for step in range(40):
        kinds = trainer.slots.kinds(step)
        seen["short" if step < 20 else "long"] |= set(kinds.tolist())
        trainer.step()
    assert seen == {
        "short": {"empty", "continued", "changed"},
        "long": {"empty", "foreign", "changed", "random"},
    }


def test_starts_are_what_their_names_say():
    slots = Slots(MazeProblems(), plan(), seed=0, first=0, count=8, recall=True)
    net = build_net("recurrent", SMALL_NET)
    device = torch.device("cpu")
    for step in range(20, 28):
        before, memory_before = slots.problems, slots.memory
        kinds = slots.kinds(step)
        _, memory = slots.advance(step, net, device)
        if before is None:
            slots.memory = torch.rand_like(memory)
            continue
        for index, kind in enumerate(kinds):
            same_walls = bool(
                ((before.grids[index] != 0) == (slots.problems.grids[index] != 0)).all()
            )
            same_memory = torch.equal(memory[index], memory_before[index])
            assert same_walls == (kind == "changed")
            assert same_memory == (kind in ("changed", "foreign"))
            if kind == "empty":
                assert not memory[index].any()
            if kind == "random":
                assert -1 <= memory[index].min() < -0.5 and 0.5 < memory[index].max() <= 1


def test_training_sees_size_9_alone_and_the_training_split_alone():
    axes = trainer_of().slots.task.axes
    assert (axes["size"], axes["split"]) == (9, "train")


def test_rollouts_have_the_lengths_of_the_plan():
    lengths = {iterations_of_step(plan(), 0, step, recurrent=True) for step in range(20)}
    assert lengths == {2, 3, 4}
    lengths = {iterations_of_step(plan(), 0, step, recurrent=True) for step in range(20, 40)}
    assert lengths == {10, 11, 12}
    plain = plan(progressive=False)
    assert {iterations_of_step(plain, 0, step, recurrent=True) for step in range(40)} == {12}
    assert iterations_of_step(plan(), 0, 3, recurrent=False) == 1


def test_the_learning_rate_rises_and_falls():
    rates = [learning_rate_of_step(plan(), step) for step in range(40)]
    assert max(rates) == pytest.approx(1e-3) and rates.index(max(rates)) in (3, 4)
    assert rates[0] < 1e-3 / 3 and rates[-1] < 1e-5
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_a_state_goes_on_exactly():
    whole = trainer_of()
    expected = [whole.step()[0] for _ in range(30)]
    first = trainer_of()
    found = [first.step()[0] for _ in range(23)]
    second = trainer_of(seed=0)
    second.load_state(first.state())
    found += [second.step()[0] for _ in range(7)]
    assert torch.equal(torch.stack(found), torch.stack(expected))
    for one, other in zip(whole.average, second.average, strict=True):
        assert torch.equal(one, other)


def test_stopping_and_resuming_gives_the_same_losses(tmp_path):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    options = [*TINY, "--steps", 24, "--short-steps", 12]
    run_script(*options, "--folder", straight)
    stopped = run_script(*options, "--folder", broken, "--stop-after", 13, expect=130)
    assert "go on with --resume" in stopped.stderr
    again = run_script(*options, "--folder", broken, expect=1)
    assert "holds a run: go on with --resume" in again.stderr
    other = run_script(*options, "--folder", broken, "--resume", "--batch", 16, expect=1)
    assert "plan.batch=8, but plan.batch=16 was asked for" in other.stderr
    run_script(*options, "--folder", broken, "--resume")
    assert metrics_of(broken) == metrics_of(straight)
    assert len(metrics_of(straight)) == 12
    described, whole = (
        json.loads((folder / "agent.json").read_text()) for folder in (broken, straight)
    )
    assert "--stop-after 13" in described["command"]
    assert ["--resume" in session["command"] for session in described["resumed"]] == [True]
    assert described["metrics"] | {"seconds": 0} == whole["metrics"] | {"seconds": 0}
    assert "resumed" not in whole
    weights = [(folder / "weights.pt").read_bytes() for folder in (straight, broken)]
    assert weights[0] == weights[1]


def test_a_finished_run_stays_what_it_is_when_it_is_resumed(tmp_path):
    options = [*TINY, "--steps", 4, "--short-steps", 4, "--folder", tmp_path]
    run_script(*options)
    files = {path: path.read_bytes() for path in tmp_path.glob("*.[jpc]*")}
    assert {"agent.json", "weights.pt", "metrics.csv"} <= {path.name for path in files}
    assert "from step 4" in run_script(*options, "--resume").stdout
    assert files == {path: path.read_bytes() for path in files}


def test_a_run_is_not_resumed_as_another_one(tmp_path):
    options = [*TINY, "--steps", 8, "--short-steps", 8, "--folder", tmp_path]
    run_script(*options, "--stop-after", 2, expect=130)
    for other in ("--no-symmetric", "--no-barriers", "--wall-moves 0", "--no-progressive"):
        assert "was asked for" in refusal("train_dt", *options[1:], *other.split(), "--resume")


def test_an_agent_is_not_trained_over(saved_agent):
    files = {path: path.read_bytes() for path in saved_agent.iterdir()}
    assert "holds a run" in refusal("train_dt", *TINY[1:], "--folder", saved_agent)
    assert files == {path: path.read_bytes() for path in saved_agent.iterdir()}


def test_a_half_written_line_of_metrics_is_left_out(tmp_path):
    options = [*TINY, "--steps", 8, "--short-steps", 8, "--folder", tmp_path]
    run_script(*options, "--stop-after", 5, expect=130)
    metrics = tmp_path / "metrics.csv"
    whole = metrics.read_text()
    metrics.write_text(f"{whole}6,0.1")
    run_script(*options, "--resume")
    rows = metrics_of(tmp_path)
    assert [row["step"] for row in rows] == ["2", "4", "6", "8"] and rows[2]["loss"] != "0.1"


def test_what_is_overwritten_is_gone(tmp_path):
    options = [*TINY, "--steps", 400, "--short-steps", 400, "--folder", tmp_path]
    run_script(*options, "--stop-after", 5, expect=130)
    process = start_script(*options, "--overwrite", "--seed", 1, "--checkpoint-every", 400)
    for line in process.stdout:
        if "step      2/" in line:
            process.kill()
            break
    process.communicate(timeout=60)
    assert not list(tmp_path.glob("*.pt")) and not (tmp_path / "agent.json").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_ctrl_c_and_a_kill_lose_nothing(tmp_path, how):
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    options = [*TINY, "--steps", 400, "--short-steps", 400, "--log-every", 1]
    process = start_script(*options, "--folder", broken)
    for line in process.stdout:
        if "step     17/" in line:
            process.send_signal(how)
            if how == signal.SIGTERM:  # which a cluster may send several times
                process.send_signal(how)
            break
    process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how == signal.SIGKILL else 130)
    run_script(*options, "--folder", broken, "--resume", "--stop-after", 40, expect=130)
    run_script(*options, "--folder", straight, "--stop-after", 40, expect=130)
    assert metrics_of(broken) == metrics_of(straight)


def test_two_processes_train_like_one(tmp_path):
    options = [*TINY, "--steps", 16, "--short-steps", 8]
    run_script(*options, "--folder", tmp_path / "one")
    two_processes = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *options]
    two_processes += ["--folder", tmp_path / "two"]
    # torchrun reports workers that stopped before the end as failed, with a traceback of its own.
    run_script(*two_processes, "--stop-after", 11, expect=1, traceback=True)
    run_script(*two_processes, "--resume")
    one, two = metrics_of(tmp_path / "one"), metrics_of(tmp_path / "two")
    assert [row["step"] for row in one] == [row["step"] for row in two]
    for name in ("loss", "change", "gradient_norm"):
        ours, theirs = ([float(row[name]) for row in rows] for rows in (one, two))
        assert theirs == pytest.approx(ours, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--batch", 0], "--batch 0: needs 1 or more"),
        (["--long-iterations", 9, 3], "--long-iterations 9 3: needs fewest and most"),
        (["--resume"], "checkpoint.pt: there is no such file"),
        (["--validation-problems", 0], "--validation-problems 0: needs 1 or more"),
        (["--stop-after", -1], "--stop-after -1: needs 1 or more"),
        (["--memory-channels", 0], "--memory-channels 0: needs 1 or more"),
        (["--averaging", 1.5], "--averaging 1.5: needs 0.0 to 1.0"),
        (["--task", "chess", "--loops", 0.5], "--loops: has no use with --task chess"),
    ],
)
def test_a_wrong_option_is_named(tmp_path, options, words):
    assert words in refusal("train_dt", "--folder", tmp_path / "run", *options)


def test_a_damaged_checkpoint_is_named(tmp_path):
    options = [*TINY, "--steps", 10, "--short-steps", 10, "--folder", tmp_path]
    run_script(*options, "--stop-after", 5, expect=130)
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    failed = run_script(*options, "--resume", expect=1)
    assert "checkpoint.pt: damaged or cut short" in failed.stderr


def test_a_run_shows_its_progress(tmp_path):
    began = time.monotonic()
    shown = run_script(
        *TINY, "--steps", 12, "--folder", tmp_path, "--json", tmp_path / "final.json"
    )
    assert time.monotonic() - began < 120
    last = [line for line in shown.stdout.splitlines() if line.startswith("step")][-1]
    rows = metrics_of(tmp_path)
    assert [row["step"] for row in rows if row["validation_exact"]] == ["12"]
    for word in ("step     12/12", "loss", "train exact", "steps/s", "left", "validation exact"):
        assert word in last
    assert (tmp_path / "final.json").exists()


def test_training_further_begins_with_the_weights_of_an_agent(tmp_path):
    options = [*TINY, "--steps", 4, "--short-steps", 4]
    run_script(*options, "--folder", tmp_path / "first", "--learning-rate", 1e-2)
    further = [*options, "--start-from", tmp_path / "first", "--folder", tmp_path / "further"]
    run_script(*further, "--learning-rate", 0.0, "--weight-decay", 0.0)
    first, second = (
        read_state(tmp_path / name / "checkpoint.pt")["net"] for name in ("first", "further")
    )
    averaged = read_state(tmp_path / "first" / "weights.pt")
    for name, weights in second.items():
        assert torch.allclose(weights, averaged[name], atol=1e-6)
        assert not torch.equal(weights, first[name])  # an agent holds the average over the steps
    described = json.loads((tmp_path / "further" / "agent.json").read_text())
    assert described["start_from"]["plan"]["learning_rate"] == 1e-2
    other = run_script(
        *options,
        "--start-from",
        tmp_path / "first",
        "--folder",
        tmp_path / "other",
        "--hidden-channels",
        16,
        expect=1,
    )
    assert "has net.hidden_channels=8, but net.hidden_channels=16 was asked for" in other.stderr
    missing = run_script(*options, "--start-from", tmp_path / "none", expect=1)
    assert "not an agent's folder" in missing.stderr
