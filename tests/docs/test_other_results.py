"""What the pages say of prefix sums, examples and speed is what was measured."""

from .conftest import flat, page, percent, stored, today

SEEDS = range(5)


def test_the_tables_of_prefix_sums():
    text = page("docs/prefix_sums.md")
    rows_of_seed = {}
    for seed in SEEDS:
        rows_of_seed[seed] = []
        for name in (f"prefix_sum_seed{seed}", f"prefix_sum_4096_seed{seed}"):
            result = stored(name)
            rows_of_seed[seed] += result["rows"]
            assert today(result["command"]).replace(f"seed{seed}", "seed1") in text
        assert {row["checkpoint"] for row in rows_of_seed[seed]} == {f"runs/prefix_sum_seed{seed}"}
    for length in (32, 48, 128, 512, 4096):
        of_length = {
            seed: [row for row in rows if row["size"] == length]
            for seed, rows in rows_of_seed.items()
        }
        cells = [  # the last row of each is until converged
            f"{100 * rows[-1]['exact']:.4g} % ({rows[-1]['iterations']:,.0f})"
            for rows in of_length.values()
        ]
        assert f"| {length:,} | {of_length[0][0]['n']:,} | {' | '.join(cells)} |" in text
        if length != 4096:
            shares = [percent(row["exact"]) for row in of_length[0]]
            assert f"| {length} | {' | '.join(shares)} |" in text


def test_what_is_said_of_flood_fill():
    result = stored("flood_fill")
    text = page("docs/add_a_task.md")
    assert today(result["command"]) in text and today(result["agent"]["command"]) in text
    shares = {}  # after 48 iterations, after 200, and until converged
    for row in result["rows"]:
        assert row["n"] == 200
        shares.setdefault(row["size"], []).append(row["exact"])
    assert list(shares) == [9, 17, 33, 65]
    assert all(exact[1:] == [1.0, 1.0] for exact in shares.values())
    words = f"it fills {percent(shares[33][0])} at size 33 and {percent(shares[65][0])} at 65"
    assert words in flat("docs/add_a_task.md")


def test_what_is_said_of_when_to_stop():
    result = stored("anytime")
    text = flat("docs/clients.md")
    assert result["command"] in text
    rows = {row["rule"]: row for row in result["rows"]}
    by_itself = rows["memory converged"]
    assert by_itself["exact"] == 1.0 and by_itself["n"] == 100 and by_itself["size"] == 33
    assert by_itself["loops"] == 0.1 and by_itself["endpoints"] == "free_cells"
    assert f"after {by_itself['iterations']:.1f} iterations on average with all" in text
    assert f"solves {percent(rows['after 128 iterations']['exact'], 0)} at 128" in text
    enough = [row for name, row in rows.items() if name.startswith("after") and row["exact"] == 1]
    assert f"needs {min(row['iterations'] for row in enough):.0f} for all" in text
    unchanged = rows["answer the same for 48 iterations"]
    assert f"for 48 such iterations solves {percent(unchanged['exact'], 0)} (" in text


def test_what_is_said_of_stable_baselines():
    result = stored("stable_baselines")
    text = flat("docs/clients.md")
    assert today(result["command"]) in text
    rows = {row["walker"]: row for row in result["rows"]}
    learnt = [row for row in result["rows"] if row["walker"] == "PPO"]
    returns = [f"{row['return']:.2f}" for row in learnt]
    assert f"mean returns of {', '.join(returns[:-1])} and {returns[-1]}" in text
    assert f"random steps get {rows['random']['return']:.2f}" in text
    assert f"shortest walks {rows['shortest']['return']:.2f}" in text
    lowest, highest = (100 * function(row["solved"] for row in learnt) for function in (min, max))
    assert f"reach {lowest:.1f} to {highest:.1f} % of the goals" in text
    assert all(row["seconds"] < 120 for row in learnt)


def test_the_table_of_mazes_a_second():
    text = page("benchmarks/README.md")
    result = stored("generation")
    assert result["command"] in text
    ours, hardest = {}, []
    for row in result["rows"]:
        if row["what"] == "thinkenv" and "loops" in row:
            hardest.append(row["per_second"])
        elif row["what"] == "thinkenv":
            key = (row["size"], row["generator"], row["split"], row["threads"])
            ours[key] = row["per_second"]
    sizes = (9, 59, 201, 801)

    def line(name: str, *key: object) -> str:
        return f"| {name} | {' | '.join(f'{ours[size, *key]:,.0f}' for size in sizes)} |"

    for generator in ("dfs", "wilson", "kruskal", "prim", "recursive_division", "hunt_and_kill"):
        assert line(f"`{generator}`, two threads", generator, "all", 2) in text
    assert line('`dfs`, two threads, `split="train"`', "dfs", "train", 2) in text
    assert line("`dfs`, one thread", "dfs", "all", 1) in text
    for other in ("plain Python", "mazelib", "maze-dataset"):
        cells = dict.fromkeys(sizes, "-")
        for row in result["rows"]:
            if row["what"] == other:
                speed = row["per_second"]
                shown = f"{speed:,.0f}" if speed >= 100 else f"{speed:.1f}"
                cells[row["size"]] = f"{shown} (1/{row['ratio']:,.0f})"
        assert f"| {other}, one thread | {' | '.join(cells.values())} |" in text
    words = flat("benchmarks/README.md")
    assert f"{min(hardest):.0f} to {max(hardest):.0f} mazes of size 801 a second" in words
    assert f"at most {max(result['peak_memory_1601_mb'].values()):.0f} MB beside" in words
    assert f"{result['stream']['per_second']:,.0f} mazes of size 9 a second on one" in words


def test_the_table_of_steps_a_second():
    text = page("benchmarks/README.md")
    result = stored("environments")
    assert result["command"] in text
    for row in result["rows"]:
        assert f"| {row['what']} | {row['steps_per_second']:,.0f} |" in text


def test_the_table_of_chess_loading():
    text = page("benchmarks/README.md")
    result = stored("chess_loading")
    assert f"{result['import']['rows']:,} rows of the database" in text
    times = result["times_python_chess"]
    seconds, memory = result["import"]["seconds"], result["import"]["peak_memory_mb"]
    assert (
        f"{seconds:.1f} s, {memory:.0f} MB of memory; {times['import']:.0f} times as fast" in text
    )
    assert f"| {result['load_seconds']:.3f} s |" in text
    assert f"| {result['planes_per_second']:,.0f} a second; {times['planes']:.0f} times" in text
    for name in ("single_squares_episodes", "vector_squares_episodes", "single_line_moves"):
        assert f"| {result[f'{name}_per_second']:,.0f} " in text
