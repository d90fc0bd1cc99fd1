"""Model cards say what ``agent.json`` says, to people and hubs, and replace no words of others."""

import json
import re

import pytest

from tests.deep_thinking.conftest import ROOT, call_script
from thinkenv.deep_thinking import load, shipped_agents
from thinkenv.deep_thinking.checkpoint import SHIPPED, save_agent
from thinkenv.deep_thinking.model_card import ENDS_IN_ROOMS, WITHOUT_LATTICE, card
from thinkenv.mazes import MazeTask, endpoints, without_lattice
from thinkenv.mazes.mixture import MazeMixture
from thinkenv.suites import evaluate_task
from thinkenv.tasks import make_task
from thinkenv.tasks.registry import import_file

TINY = (
    "--steps 2 --short-steps 1 --batch 2 --validate-every 1 --validation-problems 2 --threads 1 "
    "--short-iterations 1 2 --long-iterations 2 3 --memory-channels 8 --hidden-channels 8"
).split()


@pytest.fixture
def cards():
    """The script that writes the cards of the agents of the package."""
    return import_file(ROOT / "benchmarks" / "model_cards.py")


def front_matter(text: str) -> dict:
    yaml = pytest.importorskip("yaml")  # comes with huggingface_hub
    return yaml.safe_load(text.split("---\n")[1])


@pytest.mark.parametrize("name", shipped_agents())
def test_the_card_of_a_shipped_agent_is_what_its_description_and_the_results_say(name, cards):
    described = json.loads((SHIPPED / name / "agent.json").read_text())
    text = (SHIPPED / name / "README.md").read_text()
    assert cards.describe(name, described) == described, "run python benchmarks/model_cards.py"
    assert text == card(name, described), "run python benchmarks/model_cards.py"
    assert f"{described['parameters']:,} parameters" in text
    assert described["command"] in text and described["commit"] in text
    matter = front_matter(text)
    assert matter["library_name"] == "thinkenv" and matter["license"] == "mit"
    assert {"thinkenv", described["task"]} <= set(matter["tags"])
    (index,) = matter["model-index"]
    assert index["name"] == name and len(index["results"]) >= 9


def test_the_limits_on_the_cards_are_those_of_the_page_of_results(cards):
    page = (ROOT / "docs" / "tree_agents.md").read_text()
    line = r"^\| `maze_trees[^|]*\| (\d+) % \| (\d+) % \| (\d+) % \|$"
    rows = re.findall(line, page, re.MULTILINE)
    assert [tuple(map(int, row)) for row in rows] == list(cards.ENDS_IN_ROOMS)
    zero, one, two, three, four = cards.EMPTY_ANSWERS
    words = f"Seeds 0 to 4 give it in {zero}, {one}, {two}, {three} and {four} of these 100"
    assert words in " ".join(page.split())
    text = (SHIPPED / "maze_trees" / "README.md").read_text()
    assert "44 % where one" in text and "never saw a maze with loops" in text
    assert "| 33x33 loops 0.1, extrapolation | 1,000 |" in text


def limits_on_card(**trained_on) -> str:
    told = {"task": "maze", "architecture": "counting", "training_iterations": 2, "parameters": 3}
    return card("n", told | {"trained_on": trained_on}).partition("## Limits")[2]


ROOMS, LOOPS = (
    "It does not solve mazes with start or goal outside rooms",
    "never saw a maze with lo",
)
LATTICES, WAYS = "never saw a grid that is no lattice", "never saw a maze without a way"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {ROOMS, LOOPS, WAYS}),
        ({"endpoints": "farthest"}, {ROOMS, LOOPS, WAYS}),
        ({"endpoints": "free_cells"}, {LOOPS, WAYS}),
        ({"endpoints": "adjacent", "loops": 0.1}, {LATTICES, WAYS}),
        ({"loops": 0.1}, {ROOMS, LATTICES, WAYS}),
        ({"generator": "plazas"}, {WAYS}),
        ({"generator": "percolation", "endpoints": "unreachable"}, set()),
    ],
)
def test_the_limits_are_what_was_not_trained_on(options, expected):
    text = limits_on_card(**MazeTask(9, **options).options)
    assert {said for said in (ROOMS, LOOPS, LATTICES, WAYS) if said in text} == expected
    if ROOMS in expected:
        assert text.strip().startswith(f"- {ROOMS}")  # before anything else


def test_what_is_said_of_rooms_is_known_of_all_endpoints_and_generators():
    assert sorted(WITHOUT_LATTICE) == sorted(without_lattice.WITHOUT_LATTICE)
    of_rooms = [n for n, code in endpoints.ENDPOINTS.items() if code < endpoints.FIRST_OF_CELLS]
    assert sorted(ENDS_IN_ROOMS) == sorted(of_rooms)


def test_a_mixture_is_told_in_brief_and_has_none_of_these_limits():
    options = MazeMixture(9).options
    text = limits_on_card(**options)
    assert not any(said in text for said in (ROOMS, LOOPS, LATTICES, WAYS))
    kinds = [{"endpoints": "any", "loops": 0.1}, {"endpoints": "corners", "weight": 3}]
    assert ROOMS in limits_on_card(kinds=kinds) and LOOPS not in limits_on_card(kinds=kinds)
    told = {"task": "maze", "architecture": "counting", "training_iterations": 2, "parameters": 3}
    (line,) = re.findall(
        r"^\| problems \| (.*) \|$", card("n", told | {"trained_on": options}), re.M
    )
    assert line.startswith(f"split train, size 9, a mixture of {len(options['kinds'])} kinds, ")
    assert len(line) < 500 and "{" not in line and "weight" not in line
    assert "endpoints free_cells, farthest, adjacent, unreachable" in line
    assert "percolation, plazas, caves" in line
    for strange in ({"kinds": []}, {"kinds": [3]}, {"kinds": "any"}, {"endpoints": [1]}):
        limits_on_card(**strange)


def test_nothing_is_said_of_what_was_trained_on_where_that_is_not_known():
    assert limits_on_card().count("\n- ") == 1 and "Nothing is known" in limits_on_card()


def test_hubs_read_the_numbers():
    hub = pytest.importorskip("huggingface_hub")
    data = hub.ModelCard((SHIPPED / "chess_squares" / "README.md").read_text()).data
    assert data.library_name == "thinkenv"
    first = data.eval_results[0]
    assert (first.metric_type, first.metric_value) == ("exact", 0.991)
    assert first.dataset_name == "rated 400-599, test" and first.metric_name == "iterations: 1"


def test_of_an_agent_that_imagines_is_said_how_much_it_imagined(cards, tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "RESULTS", tmp_path)
    told = {"task": "chess", "architecture": "messages", "training_iterations": 8, "parameters": 3}
    row = dict(task="chess", split="extrapolation", rating=[1600, 2399], n=12, iterations=8)
    row |= dict(stopping="fixed", requested=8, exact=0.5, exact_low=0.2, exact_high=0.8)
    ways = [("imagining", 0), ("imagining", 1024), ("material", 64)]
    rows = {f"{way} {count}": row | {"way": way, "imagined": count} for way, count in ways}
    about = {"command": "python measure.py", "commit": "abc", "time": "now"}
    (tmp_path / "chess_seed1.json").write_text(json.dumps(about | {"rows": rows}))
    text = card("chess_seed1", cards.describe("chess_seed1", told))
    assert "imagine=64" in text and "can imagine moves" in text
    for thinking in ("8", "8, then 1,024 imagined"):
        assert f"| rated 1600-2399, extrapolation | 12 | {thinking} | 50.0 % |" in text
    assert text.count("| 12 |") == 2 and "python measure.py" in text
    without = card("n", told | {"net": {"imagines": False}})
    assert "imagine" not in without


def test_a_training_that_was_resumed_says_at_which_commits():
    told = {"task": "maze", "architecture": "counting", "training_iterations": 2, "parameters": 3}
    stages = [{"commit": "abc"}, {"commit": "def"}]
    text = card("n", told | {"resumed": stages})
    assert "| resumed | at commit abc, then at commit def |" in text
    for nothing in ({}, {"resumed": []}, {"resumed": "x"}, {"resumed": [3]}):
        assert "| resumed |" not in card("n", told | nothing)


def test_a_run_writes_a_card_beside_its_weights(tmp_path):
    call_script("train_dt", *TINY, "--folder", tmp_path / "run")
    described = json.loads((tmp_path / "run" / "agent.json").read_text())
    text = (tmp_path / "run" / "README.md").read_text()
    assert text == card("run", described)
    assert "steps 2" in text and described["command"] in text
    assert "license" not in front_matter(text)  # it is yours to choose


def test_measured_rows_stand_on_the_card(saved_agent):
    agent = load(saved_agent)
    tasks = [make_task("maze", size=size, split="all") for size in (5, 9)]
    rows = [
        evaluate_task(lambda problems: agent.think(problems, 3), task, 2)[0].row for task in tasks
    ]
    agent.description["results"] = [{"rows": rows, "command": "python measure.py"}]
    agent.save_pretrained(saved_agent)
    text = (saved_agent / "README.md").read_text()
    assert "python measure.py" in text
    assert text.count("| 2 | 3 | ") == 2 and "| 5x5, all | 2 | 3 | " in text
    assert [row["stopping"] for row in rows] == ["fixed", "fixed"]


def test_a_card_that_somebody_edited_is_never_replaced(small_net, tmp_path):
    described = {"task": "maze", "training_iterations": 5}
    path = tmp_path / "README.md"
    save_agent(tmp_path, small_net, described)
    first = path.read_text()
    save_agent(tmp_path, small_net, described | {"seed": 3})
    second = path.read_text()
    assert first != second and "| seed | 3 |" in second
    for edited in (second.replace("seed", "Seed"), second + "\nMine.\n", "My own card.\n", ""):
        path.write_text(edited)
        save_agent(tmp_path, small_net, described)
        assert path.read_text() == edited
    load(tmp_path)


def test_rows_do_not_choose_code_to_run(tmp_path):
    (tmp_path / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w').close()")
    row = dict(task=f"{tmp_path}/trap.py:Trap", n=1, exact=1.0, exact_low=0.2, exact_high=1.0)
    told = {"task": "maze", "architecture": "recurrent", "training_iterations": 2, "parameters": 3}
    card("n", told | {"results": [{"rows": [row]}]})
    assert not (tmp_path / "sprung").exists()


def test_whatever_a_description_holds_the_front_matter_is_yaml(small_net, tmp_path):
    save_agent(tmp_path / 'a: "b" # c', small_net, {"task": "maze", "training_iterations": 1})
    text = (tmp_path / 'a: "b" # c' / "README.md").read_text()
    assert front_matter(text)["tags"][-1] == "recurrent"
    told = {"task": "x: [", "architecture": "- y", "training_iterations": 2, "parameters": 3}
    row = dict(task="x: [", size=5, n=1, exact=1.0, exact_low=0.2, exact_high=1.0, split="a: 'b'")
    matter = front_matter(card("n: #", told | {"license": "{", "results": [{"rows": [row]}]}))
    assert matter["license"] == "{" and matter["tags"][-2:] == ["x: [", "- y"]
    assert matter["model-index"][0]["results"][0]["dataset"]["name"] == "size 5, a: 'b'"
    for strange in (
        {"plan": 3, "versions": None, "results": "x", "start_from": [], "metrics": 1},
        {"results": [{"rows": [3, {"exact": 1}, row | {"task": "chess"}]}, "rows", {}]},
    ):
        assert front_matter(card("n", told | strange))["library_name"] == "thinkenv"
