from __future__ import annotations

import csv
import json
from dataclasses import replace
from statistics import stdev

import pytest

from imagesorter.events import Judged, Studied
from imagesorter.training.study import report


def result(method: str, seed: int, red: float, bright: float, rate: float | None = 1e-3) -> Studied:
    judged = (
        Judged("red", {"images": 7, "srcc": red, "plcc": 0.5}),
        Judged("bright", {"images": 5, "srcc": bright, "plcc": 0.7}),
        Judged("mean", {"images": 9, "srcc": (red + bright) / 2, "plcc": 0.6}),
    )
    return Studied(method, f"the {method}", seed, judged, 12345, float(seed), rate)


STUDIED = [result("probe", 1, 0.2, 0.4, None), *(result("ours", seed, 0.1 * seed, 0.9) for seed in (1, 2, 3))]


def test_markdown_has_a_row_for_each_method_and_a_table_by_category():
    text = report.text(STUDIED, "markdown")
    assert text == (
        "| method | Spearman | PLCC | trained parameters | seconds |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| the probe | 0.300 | 0.600 | 12,345 | 1.0 |\n"
        "| the ours | 0.550 ± 0.050 | 0.600 ± 0.000 | 12,345 | 2.0 |\n"
        "\n"
        "| Spearman | red (7 images) | bright (5 images) |\n"
        "| --- | --- | --- |\n"
        "| the probe | 0.200 | 0.400 |\n"
        "| the ours | 0.200 ± 0.100 | 0.900 ± 0.000 |\n"
    )


def test_csv_has_a_line_for_each_category_and_the_mean():
    lines = list(csv.DictReader(report.text(STUDIED, "csv").splitlines()))
    assert [(line["method"], line["category"]) for line in lines] == [
        (method, category) for method in ("probe", "ours") for category in ("red", "bright", "mean")
    ]
    assert (lines[0]["srcc_deviation"], lines[0]["rate"], lines[2]["images"]) == ("", "", "9")
    assert float(lines[5]["srcc"]) == pytest.approx(0.55)
    assert float(lines[3]["srcc_deviation"]) == pytest.approx(stdev([0.1, 0.2, 0.3]), abs=1e-6)
    assert lines[5]["seeds"] == "3"


def test_json_is_json_without_numbers_that_are_none():
    found = json.loads(report.text(STUDIED, "json"), parse_constant=pytest.fail)
    assert [one["method"] for one in found] == ["probe", "ours"]
    assert found[0]["srcc"] == {"mean": pytest.approx(0.3), "deviation": None}
    assert found[1]["categories"]["red"]["images"] == 7
    assert found[1]["seeds"] == [1, 2, 3]


def test_categories_are_matched_by_name():
    first, second = result("ours", 1, 0.2, 0.8), result("ours", 2, 0.4, 0.6)
    *both, mean = second.judged
    age = Judged("age", {"images": 3, "srcc": -0.5, "plcc": -0.5})
    studied = [first, replace(second, judged=(age, *reversed(both), mean)), result("probe", 1, 0.1, 0.3)]
    (ours, probe) = report.rows(studied)
    assert {name: one.mean for name, one in ours.by_category.items()} == {
        "red": pytest.approx(0.3), "bright": pytest.approx(0.7), "age": -0.5
    }  # fmt: skip
    assert ours.images == {"red": 7, "bright": 5, "age": 3}
    assert report.markdown([probe, ours]).splitlines()[-4:] == [
        "| Spearman | red (7 images) | bright (5 images) | age (3 images) |",
        "| --- | --- | --- | --- |",
        "| the probe | 0.100 | 0.300 |  |",
        "| the ours | 0.300 ± 0.141 | 0.700 ± 0.141 | -0.500 |",
    ]


@pytest.mark.parametrize("form", report.FORMATS)
def test_nothing_finished_is_an_empty_table(form: str):
    assert "ours" not in report.text([], form)
