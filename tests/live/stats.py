"""chimera stats: the figures of R (tests/oracle/stats) through the command; tables with holes, formats, mistakes (TAP).

usage: stats.py CHIMERA tests/oracle/ORIGIN.md. want: twosample_R.json and multigroup_R.json (R 4.2.2; effectsize, rstatix, car), and
tr118_crossover_points.csv with the figures that reports of it were checked against (ORIGIN.md).
"""

import csv
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from tap import check, done  # noqa: E402

CHIMERA, ORACLE = sys.argv[1], pathlib.Path(sys.argv[2]).parent


def run(*args, text=None):
    p = subprocess.run([CHIMERA, *args], capture_output=True, text=True, input=text)
    return p.returncode, p.stdout, p.stderr


def stats(path, *args):
    code, out, err = run("--json", "stats", str(path), *args)
    return json.loads(out) if code == 0 else {"error": err, "code": code}


def far(got, want):
    """Relative where it is not near 0; R prints 15 digits."""
    if got is None or isinstance(got, str):
        return math.inf
    return abs(got - want) / max(abs(want), 1e-6)


def near(label, pairs, within=1e-9):
    worst = max(pairs, key=lambda p: far(p[1], p[2]))
    check(label, far(worst[1], worst[2]) <= within, f"{worst[0]}: {worst[1]!r}, want {worst[2]!r}")


def write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([header, *rows])
    return path


def exactly(p, x, y):
    """t and Glass's delta of a pair in rational numbers."""
    x, y = [Fraction(v) for v in x], [Fraction(v) for v in y]
    d, ss = sum(x) / len(x) - sum(y) / len(y), [sum((v - sum(z) / len(z)) ** 2 for v in z) for z in (x, y)]
    var = [ss[0] / (len(x) - 1), ss[1] / (len(y) - 1)]
    pooled = sum(ss) / (len(x) + len(y) - 2) * (Fraction(1, len(x)) + Fraction(1, len(y)))
    return [("welch", p["welch"]["t"], float(d) / math.sqrt(var[0] / len(x) + var[1] / len(y))),
            ("student", p["student"]["t"], float(d) / math.sqrt(pooled)), ("glass", p["glass_delta"], float(d) / math.sqrt(var[1]))]


def two_samples(folder):
    for name, x in json.loads((ORACLE / "stats/twosample_R.json").read_text())["cases"].items():
        path = write(folder / f"{name}.csv", ["i", "g", "v"],
                     [(i, g, repr(v)) for g in "xy" for i, v in enumerate(x[g])])
        got = stats(path, "--value", "v", "--group", "g", "--margin", repr(x["tost_welch"]["delta"]))
        if "error" in got:
            check(name, False, got)
            continue
        p, t = got["pairs"][0], x["tost_welch"]
        within = 1e-6 if name == "shifted" else 1e-9  # R's means on 1e6 and more are rounded there: see exactly()
        d = p["equivalence"]
        near(f"{name}: t tests", [(f"{k}.{a}", p[k][b], x[k][a]) for k in ("welch", "student")
                                  for a, b in (("t", "t"), ("df", "df"), ("p", "p"))] +
             [(f"{k} interval", p[k][e], x[k]["ci"][i]) for k in ("welch", "student") for i, e in enumerate(("lower", "upper"))], within)
        near(f"{name}: t, exactly", exactly(p, x["x"], x["y"]), 1e-13)
        near(f"{name}: two one-sided tests", [(k, d[k], t[k]) for k in ("t_lower", "p_lower", "t_upper", "p_upper", "p")] +
             [("lower", d["lower"], t["ci90"][0]), ("upper", d["upper"], t["ci90"][1])], within)
        near(f"{name}: ranks", [("u", p["mann_whitney"]["u"], x["mannwhitney"]["U"]),
                                ("p", p["mann_whitney"]["p"], x["mannwhitney"]["p"]),
                                ("d", p["kolmogorov_smirnov"]["d"], x["ks"]["D"]),
                                ("ks p", p["kolmogorov_smirnov"]["p"], x["ks"]["p"])])
        near(f"{name}: effects", [("d", p["cohen_d"]["value"], x["cohens_d"]), ("g", p["hedges_g"]["value"], x["hedges_g"]),
                                  ("glass", p["glass_delta"], x["glass_delta_sd_y"]),
                                  ("cliff", p["cliff_delta"]["value"], x["cliffs_delta"]),
                                  ("a12", p["a12"]["value"], x["A12"])], within)
        near(f"{name}: intervals of d and g", [("d", p["cohen_d"][e], x["cohens_d_ci"][i]) for i, e in enumerate(("lower", "upper"))] +
             [("g", p["hedges_g"][e], x["hedges_g_ci"][i]) for i, e in enumerate(("lower", "upper"))], 1e-4)  # R's search stops there
        if "paired" not in x:
            continue
        p = stats(path, "--value", "v", "--group", "g", "--pair", "i")["pairs"][0]["paired"]
        near(f"{name}: pairs", [(k, p["t_test"][k], x["paired"][k]) for k in ("t", "df", "p")] +
             [("lower", p["t_test"]["lower"], x["paired"]["ci"][0]), ("upper", p["t_test"]["upper"], x["paired"]["ci"][1]),
              ("V", p["wilcoxon"]["v"], x["wilcoxon_signed"]["V"]), ("p of V", p["wilcoxon"]["p"], x["wilcoxon_signed"]["p"])])


def several_groups(folder):
    for name, x in json.loads((ORACLE / "stats/multigroup_R.json").read_text())["cases"].items():
        path = write(folder / f"{name}.csv", ["i", "g", "v"],
                     [(i, g, repr(v)) for g, values in x["groups"].items() for i, v in enumerate(values)])
        got = stats(path, "--value", "v", "--group", "g")
        if "error" in got:
            check(name, False, got)
            continue
        a, pairs = got["all_groups"], {(p["a"], p["b"]): p for p in got["pairs"]}
        near(f"{name}: variance", [("F", a["anova"]["f"], x["anova"]["F"]), ("p", a["anova"]["p"], x["anova"]["p"]),
                                   ("Welch F", a["welch_anova"]["f"], x["welch_anova"]["F"]),
                                   ("Welch df2", a["welch_anova"]["df2"], x["welch_anova"]["df2"]),
                                   ("Welch p", a["welch_anova"]["p"], x["welch_anova"]["p"]),
                                   ("H", a["kruskal_wallis"]["chi2"], x["kruskal"]["H"]),
                                   ("H p", a["kruskal_wallis"]["p"], x["kruskal"]["p"])] +
             [(k, a["anova"][k], x[k]) for k in ("eta2", "omega2", "epsilon2")])
        rows = []
        for t in x["tukey_hsd"]:  # theirs is "later-earlier", of b against a
            b, a_ = t["pair"].split("-")
            p = pairs[a_, b]
            rows += [(t["pair"], p["difference"]["value"], -t["diff"]), (t["pair"] + " lower", p["tukey"]["lower"], -t["upr"])]
            rows += [(t["pair"] + " p", p["tukey"]["p"], t["p_adj"])] if t["p_adj"] > 1e-3 else []
        near(f"{name}: Tukey", rows, 1e-6)  # ptukey of R: six digits, fewer in the tail
        near(f"{name}: Games and Howell", [(f"{t['g1']}-{t['g2']} {k}", pairs[t["g1"], t["g2"]]["games_howell"][e], w)
                                           for t in x["games_howell"] for k, e, w in
                                           (("p", "p", t["p"]), ("lower", "lower", -t["conf_high"]))
                                           if k != "p" or t["p"] > 1e-3], 1e-6)


def blocks(folder):
    """A Latin-like table by hand: treatments a, b, c in 4 blocks; Friedman's example of ranks 1 2 3 in each block."""
    rows = [(b, g, 10 * b + k + (0.1 if (b + k) % 2 else 0)) for b in range(4) for k, g in enumerate("abc")]
    path = write(folder / "blocks.csv", ["day", "g", "v"], rows)
    got = stats(path, "--value", "v", "--group", "g", "--block", "day")["all_groups"]["blocks"]
    # 12 / (4 * 3 * 4) * (4^2 + 8^2 + 12^2) - 3 * 4 * 4 = 8, chi-squared with 2: exp(-4)
    near("Friedman", [("chi2", got["friedman"]["chi2"], 8), ("p", got["friedman"]["p"], math.exp(-4))])
    mean = sum(v for *_, v in rows) / 12
    by = {g: [v for _, k, v in rows if k == g] for g in "abc"}
    day = {b: [v for k, _, v in rows if k == b] for b in range(4)}
    ss_g = sum(4 * (sum(x) / 4 - mean) ** 2 for x in by.values())
    ss_b = sum(3 * (sum(x) / 3 - mean) ** 2 for x in day.values())
    rest = sum((v - mean) ** 2 for *_, v in rows) - ss_g - ss_b
    near("two-way", [("group", got["group"]["f"], ss_g / 2 / (rest / 6)), ("block", got["block"]["f"], ss_b / 3 / (rest / 6)),
                     ("df", got["df_residual"], 6)], 1e-8)
    twice = write(folder / "twice.csv", ["day", "g", "v"], rows + [(b, g, v + 0.5) for b, g, v in rows])
    got = stats(twice, "--value", "v", "--group", "g", "--block", "day")["all_groups"]["blocks"]
    check("an interaction where cells have several values", got["df_residual"] == 12 and got["group_by_block"]["df"] == 6
          and "mean" in got["friedman_note"], got)
    holes = write(folder / "holes.csv", ["day", "g", "v"], rows[1:])
    got = stats(holes, "--value", "v", "--group", "g", "--block", "day")["all_groups"]["blocks"]
    check("no Friedman with a hole", got["friedman"]["p"] is None and "no value in some block" in got["friedman_note"], got)


def control(folder):
    """Dunnett: R 4.6.1, mvtnorm::pmvt (Genz and Bretz, abseps 1e-9) at the pooled t of each; of b, where that has an error of
    1.7e-7, integrate() over z within integrate() over s."""
    groups = {"a": (51.2, 49.8, 50.5, 52.0, 50.1), "b": (53.1, 52.2, 54.0, 53.7), "ctl": (50.0, 49.5, 51.1, 50.6, 49.9, 50.3),
              "d": (50.9, 51.4, 50.2, 51.0, 50.0)}
    path = write(folder / "control.csv", ["g", "v"], [(g, x) for g, xs in groups.items() for x in xs])
    got = stats(path, "--value", "v", "--group", "g", "--control", "ctl")
    want = {"a": 0.557961872242591, "b": 1.72647587184e-05, "d": 0.588348700579199}
    check("only what is against the control", [(p["a"], p["b"]) for p in got["pairs"]] == [(g, "ctl") for g in "abd"], got["pairs"])
    near("Dunnett", [(p["a"], p["dunnett"]["p"], want[p["a"]]) for p in got["pairs"]], 1e-6)
    check("the level is shared by three", abs(got["method"]["level_of_one_comparison"] - 0.05 / 3) < 1e-15, got["method"])
    check("no Tukey beside it", "tukey" not in got["pairs"][0], got["pairs"][0])


def blocked(folder):
    """R 4.6.1: t.test(paired = TRUE) of tapply(v, list(block, group), mean), anova(lm()) of the same means, pt() with the noncentrality
    where the power is 0.8, power.t.test(type = "paired")."""
    rows = [(r, b, g, 10 + 3 * b + (1.5 if g == "y" else 0) + ((7 * r + 3 * b + 5 * k) % 11) / 4)
            for k, g in ((1, "x"), (2, "y")) for b in range(1, 5) for r in range(1, 6)]
    rows = [row for i, row in enumerate(rows, 1) if i not in (1, 2, 25)]
    path = write(folder / "blocked.csv", ["r", "b", "g", "v"], rows)
    got = stats(path, "--value", "v", "--group", "g", "--block", "b", "--detect", "0.8")
    p, over = got["pairs"][0], got["all_groups"]["blocks"]["group_over_means_of_cells"]
    v = p["verdict"]
    near("the differences within blocks", [("t", p["blocked"]["t_test"]["t"], -9.87252100370391), ("p", v["p"], 0.00220990598653622),
                                           ("lower", v["lower"], -1.69288856757964), ("upper", v["upper"], -0.86752809908703),
                                           ("df", v["df"], 3), ("F", over["f"], 97.4666709685756), ("p of F", over["p"], 0.0022099059865362),
                                           ("detectable", v["detectable"], 0.551879011864217), ("n", v["n_that_would_detect"], 4)])
    check("are what the verdict rests on", v["word"] == "lower" and "within blocks" in v["rests_on"] and p["blocked"]["blocks"] == 4, v)
    check("all signs of four blocks are tried", p["permutation"] == {"p": 0.125, "exact": True, "assignments": 16, "error_of_p": 0},
          p["permutation"])
    holes = write(folder / "blocked2.csv", ["r", "b", "g", "v"], [row for row in rows if row[1] != 4 or row[2] == "x"])
    p = stats(holes, "--value", "v", "--group", "g", "--block", "b")["pairs"][0]["blocked"]
    check("a block of one group is left out, and counted", (p["blocks"], p["blocks_with_one_only"]) == (3, 1), p)
    both = stats(path, "--value", "v", "--group", "g", "--block", "b", "--pair", "r")["pairs"][0]
    per = [[x[3] - y[3] for x in rows for y in rows if x[:2] == y[:2] and x[2] == "x" and y[2] == "y" and x[1] == b] for b in range(1, 5)]
    d = [sum(x) / len(x) for x in per]
    mean = sum(d) / 4
    near("pairs in blocks", [("estimate", both["verdict"]["estimate"], mean), ("pairs", both["paired"]["pairs"], sum(map(len, per))),
                             ("sd", both["blocked"]["sd_of_differences"], math.sqrt(sum((x - mean) ** 2 for x in d) / 3))])
    one = stats(path, "--value", "v", "--group", "g", "--block", "g")["pairs"][0]["verdict"]
    check("no block has both", one["word"] == "unknown" and "fewer than two blocks" in one["reason"], one)


def shares(folder):
    """R 4.6.1: binom.test, prop.test(correct = FALSE), fisher.test, mcnemar.test, binom.test(2, 11)."""
    rows = [(g, i, "ok" if i < k else "timeout") for g, k in (("a", 17), ("b", 15)) for i in range(24)]
    path = write(folder / "status.csv", ["g", "i", "status"], rows)
    got = stats(path, "--value", "status", "--group", "g", "--success", "ok")["shares"]
    g, p = got["groups"][0], got["pairs"][0]
    near("shares", [("cp", g["clopper_pearson"]["lower"], 0.489052186142167), ("cp", g["clopper_pearson"]["upper"], 0.873847911476309),
                    ("wilson", g["wilson"]["lower"], 0.508323063355034), ("wilson", g["wilson"]["upper"], 0.850853518030391),
                    ("fisher", p["fisher_p"], 0.760109163604173), ("difference", p["difference"], 2 / 24)], 1e-7)
    cells = [(1, 1)] * 10 + [(1, 0)] * 9 + [(0, 1)] * 2 + [(0, 0)] * 5
    for words in (("1", "0"), ("TRUE", "false"), ("yes", "No")):
        path = write(folder / "binary.csv", ["g", "i", "v"], [(k, i, words[0] if c[k] else words[1]) for k in (0, 1) for i, c in enumerate(cells)])
        p = stats(path, "--value", "v", "--group", "g", "--pair", "i")["shares"]["pairs"][0]
        near(f"McNemar, {words[0]}", [("exact", p["mcnemar_exact_p"], 0.0654296875), ("p", p["mcnemar_p"], 0.0704404292720882),
                                      ("chi2", p["mcnemar_chi2"], 3.27272727272727), ("b", p["only_a"], 9), ("c", p["only_b"], 2)])
    _, out, _ = run("stats", str(path), "--value", "v", "--group", "g", "--pair", "i")
    check("and are told as shares", "share of 'yes'" in out and "73.08 %" in out and "McNemar" in out, out)
    half = write(folder / "half.csv", ["g", "v"], [(g, i % 2) for g in "ab" for i in range(4000)])
    p = stats(half, "--value", "v", "--group", "g", "--margin", "0.05")["shares"]["pairs"][0]
    check("shares that are alike", p["verdict"] == "equivalent", p)


def bounds(folder):
    """MLPerf's rule: 0.99^459 <= 0.01 < 0.99^458; 662 queries are the fewest with an estimate (inference_rules, appendix)."""
    for n, above, words in ((459, 0, "is shown"), (458, 0, "is not shown; 1 more"), (400, 40, "is above 200"), (662, 1, "is shown")):
        path = write(folder / "bound.csv", ["ms"], [[300 if i < above else 100] for i in range(n)])
        got = stats(path, "--value", "ms", "--bound", "p99:200", "--confidence", "99")["bounds"]["groups"][0]
        check(f"p99 of {n}, {above} above: {words}", words in got["text"] and got["above"] == above, got)
        check("an estimate from 662 on", (got["vouched_for"] is not None) == (n >= 662), got)
    _, out, _ = run("stats", str(path), "--value", "ms", "--bound", "p50:120,99.9:120")
    check("several", "p50 below 120 is shown" in out and "p99.9 below 120 is not shown" in out, out)


def permuted(folder):
    """By hand: of C(6, 3) = 20 ways to share out 1 .. 6, two have means 3 apart; 2 of 2^5 signs of five equal signs."""
    path = write(folder / "perm.csv", ["g", "i", "v"], [("a", i, i + 1) for i in range(3)] + [("b", i, i + 4.0) for i in range(3)])
    p = stats(path, "--value", "v", "--group", "g")["pairs"][0]["permutation"]
    check("every assignment", p == {"p": 0.1, "exact": True, "assignments": 20, "error_of_p": 0}, p)
    path = write(folder / "perm2.csv", ["g", "i", "v"], [(g, i, i * i + (1 + i / 9 if g == "b" else 0)) for g in "ab" for i in range(5)])
    p = stats(path, "--value", "v", "--group", "g", "--pair", "i")["pairs"][0]["permutation"]
    check("every sign", (p["p"], p["assignments"]) == (2 / 32, 32), p)
    path = write(folder / "perm3.csv", ["g", "v"], [(g, (i * 37 % 40) + (9 if g == "b" else 0)) for g in "ab" for i in range(40)])
    one, two, off = (stats(path, "--value", "v", "--group", "g", *more)["pairs"][0] for more in ((), (), ("--permutations", "0")))
    check("drawn where there are more", one["permutation"] == two["permutation"] and not one["permutation"]["exact"]
          and one["permutation"]["assignments"] == 10000 and off["permutation"] is None, (one["permutation"], off["permutation"]))
    check("as t says", abs(one["permutation"]["p"] - one["student"]["p"]) < 4 * one["permutation"]["error_of_p"] + 0.1 * one["student"]["p"], one)


def holes_and_verdicts(folder):
    path = write(folder / "dirty.csv", ["g", "v"], [("a", 1), ("a", 2), ("a", "NA"), ("", 3), ("b", "x2"), ("b", 1.5), ("b", ""),
                                                    ("b", "inf"), ("a", 3), ("b", 2.5)])
    got = stats(path, "--value", "v", "--group", "g")
    want = {"read": 10, "used": 5, "without_value": 2, "not_a_number": 2, "without_group": 1, "first_that_is_no_number": "x2",
            "its_row": 5}
    check("what is missing is counted", {k: got["rows"].get(k) for k in want} == want, got["rows"])
    _, out, _ = run("stats", str(path), "--value", "v", "--group", "g")
    check("and said", "2 rows left out: no number (the first is row 5, 'x2')" in out and "1 row left out: without a group" in out, out)
    same = write(folder / "same.csv", ["g", "v"], [(g, 100 + ((7 * i + 3 * k) % 11) / 10) for k, g in enumerate("ab") for i in range(40)])
    for margin, word in (("5%", "equivalent"), ("3", "equivalent"), ("0.0001", "undecided"), (None, "undecided")):
        got = stats(same, "--value", "v", "--group", "g", *(["--margin", margin] if margin else []))["pairs"][0]["verdict"]
        check(f"two alike, margin {margin}: {word}", got["word"] == word, got)
    apart = write(folder / "apart.csv", ["g", "v"], [(g, 100 + 10 * k + i % 3) for k, g in enumerate("ab") for i in range(20)])
    got = stats(apart, "--value", "v", "--group", "g")["pairs"][0]["verdict"]
    check("two apart", got["word"] == "lower" and got["text"] == "a is lower than b", got)
    got = stats(apart, "--value", "v", "--group", "g", "--margin", "50%")["pairs"][0]["verdict"]
    check("apart by less than matters", got["word"] == "negligible", got)
    flat = write(folder / "flat.csv", ["g", "v"], [(g, 1) for g in "aabb"])
    got = stats(flat, "--value", "v", "--group", "g")["pairs"][0]
    check("nothing varies: no test", got["verdict"]["word"] == "unknown" and got["welch"]["p"] is None, got["verdict"])
    one = write(folder / "one.csv", ["g", "v"], [("a", 1), ("b", 2), ("b", 3)])
    got = stats(one, "--value", "v", "--group", "g")["pairs"][0]["verdict"]
    check("one value: no test", got["word"] == "unknown" and "one value" in got["reason"], got)


def formats(folder):
    rows = [{"g": g, "v": i * 1.5 + k, "extra": {"deep": 1}} for k, g in enumerate("ab") for i in range(8)]
    write(folder / "t.csv", ["g", "v"], [(r["g"], r["v"]) for r in rows])
    (folder / "t.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    (folder / "t.json").write_text(json.dumps(rows))
    (folder / "t.tsv").write_text("g\tv\n" + "".join(f"{r['g']}\t{r['v']}\n" for r in rows))
    want = stats(folder / "t.csv", "--value", "v", "--group", "g")["groups"]
    for name in ("t.jsonl", "t.json", "t.tsv"):
        got = stats(folder / name, "--value", "v", "--group", "g")
        check(f"{name} is as the CSV", got.get("groups") == want, got)
    code, out, err = run("--json", "stats", "-", "--value", "v", "--group", "g", text=(folder / "t.csv").read_text())
    check("standard input", code == 0 and json.loads(out)["groups"] == want, err)
    (folder / "x.yaml").write_text("models: [m]\nbackends: [synthetic]\nrepetitions: 5\ninvocations: 2\nmax_tokens: 2\n"
                                   "scenarios: [{name: a, prompts: hello}, {name: b, prompts: [one, two]}]\n")
    code, _, err = run("-q", "run", str(folder / "x.yaml"), "-o", str(folder / "o"))
    code2, _, err2 = run("-q", "analyze", str(folder / "o"), "--format", "parquet")
    got = stats(folder / "o/samples.parquet", "--value", "latency_ms", "--group", "scenario")
    check("Parquet, of our own samples", code == code2 == 0 and len(got.get("groups", [])) == 2, (err, err2, got))


def fits(folder):
    got = stats(ORACLE / "chimera/tr118_crossover_points.csv", "--fit", "power", "--x", "params", "--y", "ratio")
    f = got["fits"][0]
    c = f["crosses_level"]
    near("TR118: exponent, crossover, leverage", [("b", f["b"], -0.5057334853), ("leverage", f["highest_leverage"], 0.805)], 1e-3)
    near("TR118: the exponent to ten digits", [("b", f["b"], -0.5057334853)], 1e-10)
    near("TR118: crossover, Fieller, one left out", [(k, c[k] / 1e6, w) for k, w in (
        ("x", 76.41), ("fieller_lower", 47.2456), ("fieller_upper", 140.793), ("leave_one_out_lower", 66.1),
        ("leave_one_out_upper", 87.3))], 1e-3)
    near("TR118: without the smallest", [("b", f["points"][0]["b_without"], -0.680)], 1e-3)
    rows = list(csv.DictReader(open(ORACLE / "chimera/tr118_crossover_points.csv", encoding="utf-8")))
    pts = [(math.log(float(r["params"])), math.log(float(r["ratio"]))) for r in rows]
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(pts) for b in pts[i + 1:] if a[0] != b[0])
    near("TR118: the median of all slopes", [("b", f["theil_sen"]["b"], (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2)])
    check("TR118: usable, and fragile", f["usable"] and f["fragile"] and f["verdict"] == "fragile", f["fragile_reason"])
    check("TR118: the bootstrap's interval covers the point, and not 0",
          f["b_interval"]["bootstrap_lower"] < f["b"] < f["b_interval"]["bootstrap_upper"] < 0, f["b_interval"])
    xs = [1, 2, 3, 5, 8, 13, 21]
    path = write(folder / "exact.csv", ["x", "y"], [(x, 3 * x ** 1.5 + 7) for x in xs])
    f = stats(path, "--fit", "offset", "--x", "x", "--y", "y")["fits"][0]
    near("an offset that is there", [("a", f["a"], 3), ("b", f["b"], 1.5), ("c", f["c"], 7)], 1e-6)
    noise = [0.3, -0.2, 0.1, -0.4, 0.2, 0.3, -0.3]
    lines = [(x, g, v + e) for x, e in zip(xs, noise) for g, v in (("a", 1 + 2 * x), ("b", 21 - 2 * x))]
    path = write(folder / "lines.csv", ["x", "g", "y"], lines)
    got = stats(path, "--fit", "linear", "--x", "x", "--y", "y", "--group", "g")
    ab = []
    for g in "ab":  # the normal equations
        p = [(x, y) for x, k, y in lines if k == g]
        mx, my = sum(x for x, _ in p) / 7, sum(y for _, y in p) / 7
        b = sum((x - mx) * (y - my) for x, y in p) / sum((x - mx) ** 2 for x, _ in p)
        ab.append((my - b * mx, b))
    near("two lines, and where they meet", [("a", got["fits"][0]["a"], ab[0][0]), ("b", got["fits"][1]["b"], ab[1][1]),
         ("x", got["crossovers"][0]["meet"]["x"], (ab[1][0] - ab[0][0]) / (ab[0][1] - ab[1][1]))])
    check("which is inside what was measured", got["crossovers"][0]["meet"]["identifiable"], got["crossovers"])
    again = stats(path, "--fit", "linear", "--x", "x", "--y", "y", "--group", "g", "--seed", "7")
    check("the seed is the bootstrap's", again["fits"][0]["b"] == got["fits"][0]["b"]
          and again["fits"][0]["b_interval"]["bootstrap_lower"] != got["fits"][0]["b_interval"]["bootstrap_lower"])
    got = stats(path, "--fit", "power", "--x", "x", "--y", "y", "--group", "g")
    check("a group that has no fit says why", got["fits"][1]["verdict"] == "no fit" and "positive" in got["fits"][1]["reason"]
          and got["crossovers"][0]["meet"] is None, got)
    rising = write(folder / "rising.csv", ["x", "y"], [(x, x ** 0.5 * (1 + e / 10)) for x, e in zip(xs[1:], noise)])
    got = stats(rising, "--fit", "power", "--x", "x", "--y", "y", "--level", "100")["fits"][0]["crosses_level"]
    check("a crossing outside what was measured is none", not got["identifiable"] and "not identifiable" in got["reason"], got)
    _, out, _ = run("stats", str(rising), "--fit", "power", "--x", "x", "--y", "y")
    check("a level that no value reaches is not told unless asked for", "crosses" not in out, out)


def bootstraps(folder):
    """Every resample, to the file's last digit; drawn ones repeat with their seed."""
    for x in json.loads((ORACLE / "stats/bootstrap_exhaustive.json").read_text())["cases"]:
        path = write(folder / "boot.csv", ["v"], [[repr(v)] for v in x["x"]])
        for ci in x["ci"]:
            got = stats(path, "--value", "v", "--bootstrap", "100", "--confidence", repr(100 * ci["conf"]))
            b = got["bootstrap"]["groups"][0][x["stat"]]
            near(f"{x['name']}, {x['stat']}: every resample, {ci['conf']}",
                 [("z0", b["z0"], x["z0_midrank"]), ("less", b["share_less"], x["frac_less"]), ("se", b["se"], x["boot_se"]),
                  ("resamples", b["resamples"], x["n_resamples"])] +
                 [(k, b[k][e], ci[k][i]) for k in ("percentile", "basic", "bca") for i, e in enumerate(("lower", "upper"))] +
                 [("level", b["bca"][f"level_{e}"], ci["bca_levels"][i]) for i, e in enumerate(("lower", "upper"))], 1e-12)
            check("acceleration", abs(b["acceleration"] - x["acceleration"]) < 1e-13, b["acceleration"])
    path = write(folder / "boot.csv", ["v"], [[i * i % 17 + i / 7] for i in range(40)])
    one, two, other = (stats(path, "--value", "v", "--bootstrap", "500", "--seed", seed)["bootstrap"]["groups"]
                       for seed in ("1", "1", "2"))
    check("the same seed, the same ends", one == two and one != other, (one, other))


def neighbours(folder):
    """An alternating walk: r1 by hand from its definition."""
    xs = [i // 8 % 2 + (i * 7 % 5) / 50 for i in range(160)]
    path = write(folder / "walk.csv", ["v"], [[repr(x)] for x in xs])
    m = sum(xs) / 160
    r1 = sum((a - m) * (b - m) for a, b in zip(xs, xs[1:])) / sum((x - m) ** 2 for x in xs)
    got = stats(path, "--value", "v")["groups"][0]["series"]
    near("lag 1", [("lag1", got["lag1"], r1)])
    _, out, _ = run("stats", str(path), "--value", "v")
    check("rows that resemble their neighbours", got["ljung_box_p"] < 1e-10 and "caution: rows of 'all'" in out, out)
    path = write(folder / "sorted.csv", ["v"], [[repr(x)] for x in sorted(xs)])
    _, out, _ = run("stats", str(path), "--value", "v")
    check("sorted rows are not asked", stats(path, "--value", "v")["groups"][0]["series"]["reason"] == "the rows are sorted"
          and "caution" not in out, out)


def asked_for(folder):
    rows = [(g, phase, day, i + (5 if phase == "cold" else 0)) for g in "ab" for phase in ("cold", "measured") for day in (1, 2) for i in range(3)]
    path = write(folder / "where.csv", ["g", "phase", "day", "v"], rows)
    got = stats(path, "--value", "v", "--group", "g", "--where", "phase=measured", "--where", "day=2")
    check("rows that are asked for", [(g["n"], g["mean"]["value"]) for g in got["groups"]] == [(3, 1), (3, 1)]
          and got["rows"]["not_asked_for"] == 18 and got["generated_from"]["where"] == ["phase=measured", "day=2"], got["rows"])
    for label, words, where in (("no such value", "did you mean 'measured'", ["phase=measurd"]), ("no such column", "did you mean 'phase'", ["phas=x"]),
                                ("no condition", "want COLUMN=VALUE", ["phase"])):
        code, out, err = run("stats", str(path), "--value", "v", "--where", *where)
        check(f"--where: {label}", code == 2 and words in err and err.count("\n") == 1 and not out, (code, err))
    path = write(folder / "none.csv", ["a", "b", "v"], [(1, 1, 3), (2, 2, 4)])
    code, _, err = run("stats", str(path), "--value", "v", "--where", "a=1", "--where", "b=2")
    check("no row has all of it", code != 0 and "no row of 2 has everything" in err, err)


def far_out(folder):
    """Values that are hard on doubles, and files that are hard to read."""
    rows = [(g, f"{1e9 + i % 3 / 8 + (k and 0.5):.17g}") for k, g in enumerate("ab") for i in range(6)]
    p = stats(write(folder / "offset.csv", ["g", "v"], rows), "--value", "v", "--group", "g")["pairs"][0]
    # by hand: means 0.125 and 0.625, variances 6 / 5 / 96 each, so that t = -0.5 / sqrt(2 / 480)
    near("on 1e9", [("difference", p["difference"]["value"], -0.5), ("t", p["welch"]["t"], -0.5 / math.sqrt(2 / 480)),
                    ("df", p["welch"]["df"], 10)], 1e-14)
    _, out, _ = run("stats", str(folder / "offset.csv"), "--value", "v", "--group", "g")
    check("is told with the digits that differ", "1000000000.125" in out, out)
    same = stats(write(folder / "same2.csv", ["g", "v"], [("a", 3), ("a", 3), ("b", 4), ("b", 4)]), "--value", "v", "--group", "g")
    check("what does not vary has no interval", same["groups"][0]["mean"]["lower"] is None and
          same["groups"][0]["mean"]["reason"] == "the values do not vary", same["groups"][0]["mean"])
    check("and no d", same["pairs"][0]["cohen_d"]["value"] is None and "nothing varies" in same["pairs"][0]["cohen_d"]["reason"], same["pairs"])
    ones = stats(write(folder / "ones.csv", ["g", "v"], [("a", 1), ("a", 1), ("b", 1)]), "--value", "v", "--group", "g")
    check("ones alone are numbers", "shares" not in ones, ones.keys())
    (folder / "bom.csv").write_bytes('\ufeff"g";"v"\r\n"a;1";1.5\r\n"a;1"; 2.5 \r\n\r\nb;3\r\n'.encode())
    got = stats(folder / "bom.csv", "--value", "v", "--group", "g")["groups"]
    check("a mark, CRLF, quotes, semicolons", [(g["group"], g["n"]) for g in got] == [("a;1", 2), ("b", 1)], got)
    (folder / "mixed.jsonl").write_text('{"g":"a","v":1}\n{"g":"a"}\n{"v":3}\n{"g":7,"v":null}\n{"g":7,"v":"4"}\n{"g":"b","v":2.5}\n')
    got = stats(folder / "mixed.jsonl", "--value", "v", "--group", "g")
    check("JSON of several types, with missing keys", [(g["group"], g["mean"]["value"]) for g in got["groups"]] ==
          [("a", 1), ("7", 4), ("b", 2.5)] and got["rows"]["without_value"] == 2 and got["rows"]["without_group"] == 1, got)


def mistakes(folder):
    path = folder / "t.csv"
    (folder / "bad.csv").write_text('g,v\na,1\na,"2\n')
    (folder / "bad.jsonl").write_text('{"g": "a", "v": 1}\n{"g": \n')
    (folder / "empty.csv").write_text("g,v\n")
    huge = write(folder / "huge.csv", ["v"], [[1e308], [1.2e308]])
    comma = folder / "comma.csv"
    comma.write_text("g;v\na;1\na;2,5\n")
    many = write(folder / "many.csv", ["g", "v"], [(i, i) for i in range(65)])
    minus = write(folder / "minus.csv", ["g", "v"], [("a", -1), ("a", 2), ("b", 1), ("b", 3)])
    for label, words, args in (
            ("no value", "needs --value", [path]), ("no such column", "did you mean 'v'", [path, "--value", "vv"]),
            ("no such group", "it has: g v", [path, "--value", "v", "--group", "backend"]),
            ("a pair without groups", "--pair goes with --group", [path, "--value", "v", "--pair", "g"]),
            ("a margin that is none", "want a number above 0", [path, "--value", "v", "--group", "g", "--margin", "5pc"]),
            ("a ratio of what is negative", "a value of -1", [minus, "--value", "v", "--group", "g", "--margin", "5%"]),
            ("two values in a pair", "has two values in group 'a'", [path, "--value", "v", "--group", "g", "--pair", "g"]),
            ("text for numbers", "holds no number: row 1 is 'a'; for the share of a word give --success", [path, "--value", "g"]),
            ("too many groups", "more than 64", [many, "--value", "v", "--group", "g"]),
            ("no such file", "nofile.csv", [folder / "nofile.csv", "--value", "v"]),
            ("no such JSON", "no such file", [folder / "nofile.jsonl", "--value", "v"]),
            ("an unknown ending", "give --format", [folder / "x.yaml", "--value", "v"]),
            ("a broken CSV", "bad.csv", [folder / "bad.csv", "--value", "v"]),
            ("broken JSON", "bad.jsonl", [folder / "bad.jsonl", "--value", "v"]),
            ("a control that is none", "did you mean 'a'", [path, "--value", "v", "--group", "g", "--control", "aa"]),
            ("a control without groups", "--control goes with --group", [path, "--value", "v", "--control", "a"]),
            ("an n for nothing", "--detect: '-1'", [path, "--value", "v", "--group", "g", "--detect", "-1"]),
            ("an n in another unit", "give it in percent", [path, "--value", "v", "--group", "g", "--margin", "5%", "--detect", "1"]),
            ("a bound that is none", "like p99:200", [path, "--value", "v", "--bound", "99"]),
            ("a word that is not there", "did you mean 'a'", [path, "--value", "g", "--success", "A"]),
            ("squares beyond doubles", "1.2e+308: squares of that leave", [huge, "--value", "v"]),
            ("a folder", "is a folder", [folder, "--value", "v"]),
            ("decimal commas", "a decimal point, and no comma", [comma, "--value", "v"]),
            ("a law that is none", "did you mean 'power'", [path, "--fit", "powr", "--x", "v", "--y", "v"]),
            ("a fit without x", "needs --x", [path, "--fit", "power", "--y", "v"]),
            ("x without a fit", "--x goes with --fit", [path, "--x", "v", "--value", "v"]),
            ("a fit and a margin", "does not go with --fit", [path, "--fit", "power", "--x", "v", "--y", "v", "--margin", "1"]),
            ("x of text", "column 'g' holds no number", [path, "--fit", "linear", "--x", "g", "--y", "v"]),
            ("a level that is none", "want a number", [path, "--fit", "linear", "--x", "v", "--y", "v", "--level", "much"]),
            ("a law of what is negative", "positive", [minus, "--fit", "power", "--x", "v", "--y", "v"]),
            ("no rows", "no row", [folder / "empty.csv", "--value", "v"])):
        code, out, err = run("stats", *map(str, args))
        check(f"{label}: one clear line", code in (1, 2) and words in err and err.count("\n") == 1 and not out, (code, err))


with tempfile.TemporaryDirectory() as name:
    work = pathlib.Path(name)
    two_samples(work)
    several_groups(work)
    blocks(work)
    control(work)
    blocked(work)
    shares(work)
    bounds(work)
    permuted(work)
    holes_and_verdicts(work)
    formats(work)
    fits(work)
    bootstraps(work)
    neighbours(work)
    asked_for(work)
    far_out(work)
    mistakes(work)
sys.exit(done())
