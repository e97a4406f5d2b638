from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imagesorter.training.labelled.dataset import Batches, Examples, LabelsError, read_examples

HEADING = "filepath\ttitle\tcname\tvalue\n"
ROWS = """a.jpg\tRank the numbers of horses.\thorse\t3
sub/b.jpg\tRank the numbers of horses.\thorse\t1
a.jpg\tRank the numbers of apples.\tapple\t0.5

c.jpg\tHow many apples?\tapple\t-2e1
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(text, "utf-8", newline="")
    return path


@pytest.mark.parametrize("change", [
    lambda text: text,
    lambda text: text.replace("\t", ","),
    lambda text: "\ufeff" + text.replace("\n", "\r\n"),
    lambda text: text.replace("title", " title ").replace("horse\t3", ' horse \t"3"'),
])  # fmt: skip
def test_labels_are_read_in_either_form(tmp_path: Path, change):
    examples = read_examples(write(tmp_path, change(HEADING + ROWS)))
    assert examples.names == ("a.jpg", "sub/b.jpg", "c.jpg")
    assert examples.paths[1] == tmp_path / "sub" / "b.jpg"
    assert examples.categories == ("horse", "apple")
    assert examples.titles == (
        ("Rank the numbers of horses.",), ("Rank the numbers of apples.", "How many apples?")
    )  # fmt: skip
    assert examples.image.tolist() == [0, 1, 0, 2]
    assert examples.category.tolist() == [0, 0, 1, 1]
    assert examples.value.tolist() == [3, 1, 0.5, -20]
    assert examples.weight.tolist() == [1, 1, 1, 1]


def test_headings_may_be_in_capitals(tmp_path: Path):
    examples = read_examples(write(tmp_path, "Filepath,TITLE,CName,Value\na.jpg,X,horse,3\n"))
    assert examples.names == ("a.jpg",) and examples.value.tolist() == [3]
    text = "filepath,title,cname,value,Value,Title\na.jpg,X,horse,3,9,other\n"
    examples = read_examples(write(tmp_path, text))
    assert examples.value.tolist() == [3] and examples.titles == (("X",),), "as written, where that is there"


def test_paths_start_from_the_folder_of_images(tmp_path: Path):
    path = write(tmp_path, HEADING + ROWS.replace("c.jpg", "/photos/c.jpg"))
    paths = read_examples(path, Path("/elsewhere")).paths
    assert paths == (Path("/elsewhere/a.jpg"), Path("/elsewhere/sub/b.jpg"), Path("/photos/c.jpg"))


@pytest.mark.parametrize(("text", "message"), [
    ("", "line 1: there is no column filepath, title, cname, value.*reads: nothing"),
    ("filepath,title,value\n", "line 1: there is no column cname"),
    (HEADING, "no labels below"),
    (HEADING + ROWS + "d.jpg\tX\thorse\tmany\n", "line 7, column value: “many” is not a number"),
    (HEADING + ROWS + "d.jpg\tX\thorse\t1e300\n", "line 7, column value: “1e300” is too large: at most 1e"),
    (HEADING + ROWS + "d.jpg\tX\thorse\tnan\n", "line 7, column value: “nan” is not a number"),
    (HEADING + ROWS + "d.jpg\tX\thorse\n", "line 7, column value: there is nothing"),
    (HEADING + ROWS + "\tX\thorse\t1\n", "line 7, column filepath: there is nothing"),
    (HEADING.strip() + "\tsample_weights_by_class\na.jpg\tX\thorse\t1\t-1\n", "column sample_weights"),
    (HEADING + f"{'a' * 200_000}\tX\thorse\t1\n", "a cell has more than 131,072 characters. Shorten it"),
    (HEADING + 'a.jpg\t"X" Y\thorse\t1\n', "line 2: this is not a CSV"),
])  # fmt: skip
def test_what_cannot_be_used_is_told_by_line_and_column(tmp_path: Path, text: str, message: str):
    with pytest.raises(LabelsError, match=message) as told:
        read_examples(write(tmp_path, text))
    assert str(tmp_path / "labels.csv") in str(told.value)


def test_files_that_cannot_be_read_are_told(tmp_path: Path):
    with pytest.raises(LabelsError, match=r"cannot be read: there is no such file\. Check the spelling\."):
        read_examples(tmp_path / "absent.csv")
    (tmp_path / "latin.csv").write_bytes((HEADING + "é.jpg\tX\tY\t1").encode("latin-1"))
    with pytest.raises(LabelsError, match="UTF-8"):
        read_examples(tmp_path / "latin.csv")


def made(counts: dict[str, int], tmp_path: Path) -> Examples:
    rows = [f"{name}{i}.jpg\tRank {name}.\t{name}\t{i + 1}\n" for name, n in counts.items() for i in range(n)]
    return read_examples(write(tmp_path, HEADING + "".join(rows)))


def test_an_image_is_on_one_side_whatever_else_there_is(tmp_path: Path):
    examples = made({"horse": 200, "apple": 50}, tmp_path)
    learning, judging = examples.split(0.2)
    assert len(learning) + len(judging) == 250
    assert 25 < len(judging) < 75
    assert not set(learning.image) & set(judging.image)
    fewer, _ = made({"horse": 100}, tmp_path).split(0.2)
    assert {fewer.names[i] for i in fewer.image} <= {learning.names[i] for i in learning.image}


def test_a_photograph_is_one_however_its_path_is_written(tmp_path: Path):
    spellings = ("", "./", "sub/../", f"{tmp_path}/")
    rows = [f"{way}{i}.jpg\tX\tkind {k}\t{i}\n" for i in range(50) for k, way in enumerate(spellings)]
    examples = read_examples(write(tmp_path, HEADING + "".join(rows)))
    assert examples.names == tuple(f"{i}.jpg" for i in range(50)), "as they were written first"
    assert examples.image.tolist() == np.repeat(np.arange(50), 4).tolist()
    learning, judging = examples.split(0.3)
    assert len(judging) and not set(learning.image) & set(judging.image)

    alone = read_examples(write(tmp_path, HEADING + "".join(rows[::4])))
    assert set(alone.split(0.3)[1].image) == set(judging.image), "other spellings move no image"
    dotted = read_examples(write(tmp_path, HEADING + "".join(rows[1::4])))
    assert dotted.names[7] == "./7.jpg"
    for other in (dotted, read_examples(write(tmp_path, HEADING + "".join(rows[2::4])))):
        first, second = alone.beside(other)
        assert first.names == second.names == alone.names
        assert first.paths == second.paths == alone.paths
        assert first.image.tolist() == second.image.tolist()


@pytest.mark.parametrize(("before", "apart"), [
    ("", (1, 3, 19)),
    ("./", (1, 5, 10, 14, 19)),
])  # fmt: skip
def test_the_split_of_labels_that_were_split_before_stays(
    tmp_path: Path, before: str, apart: tuple[int, ...]
):
    rows = "".join(f"{before}{i}.jpg\tX\tred\t1\n" for i in range(20))
    assert tuple(read_examples(write(tmp_path, HEADING + rows)).split(0.2)[1].image) == apart


def test_two_files_share_one_numbering(tmp_path: Path):
    (tmp_path / "x").mkdir()
    first, second = made({"horse": 3}, tmp_path), made({"apple": 2, "horse": 4}, tmp_path)
    first, second = first.beside(second)
    assert first.paths == second.paths
    assert len(first.paths) == 6
    assert [second.names[i] for i in second.image] == ["apple0.jpg", "apple1.jpg"] + [
        f"horse{i}.jpg" for i in range(4)
    ]
    assert [second.categories[c] for c in second.category] == ["apple"] * 2 + ["horse"] * 4
    assert first.titles[int(first.category[0])] == ("Rank horse.",)


def test_a_batch_asks_for_one_category(tmp_path: Path):
    examples = made({"horse": 40, "apple": 30, "dog": 3}, tmp_path)
    batches = Batches(examples, size=20, negatives=0.2, seed=1)
    seen = set()
    for step in range(30):
        batch = batches.draw(step)
        seen.add(batch.category)
        category = examples.categories[batch.category]
        own = [examples.names[i].startswith(category) for i in batch.images]
        assert batch.title == f"Rank {category}."
        assert len(batch.images) == 20 == len(set(batch.images.tolist()))
        assert sum(own) == (3 if category == "dog" else 16), "what a small category leaves is filled"
        assert [value == 0 for value in batch.values] == [not one for one in own]
    assert seen == {0, 1, 2}
    assert 0 < np.mean([batches.draw(step).mirrored.mean() for step in range(20)]) < 1


def test_an_image_with_a_row_of_the_category_is_no_negative(tmp_path: Path):
    rows = "".join(f"{i}.jpg\tX\thorse\t{i}\n" for i in range(5)) + "0.jpg\tY\tapple\t1\n9.jpg\tY\tapple\t2\n"
    examples = read_examples(write(tmp_path, HEADING + rows))
    batches = Batches(examples, size=8, negatives=0.5, seed=0)
    horses = [batch for step in range(40) if (batch := batches.draw(step)).category == 0]
    negatives = {examples.names[i] for b in horses for i, v in zip(b.images, b.values, strict=True) if i > 4}
    assert negatives == {"9.jpg"}


def test_without_negatives_there_are_none(tmp_path: Path):
    batches = Batches(made({"horse": 5, "apple": 40}, tmp_path), size=20, negatives=0, seed=1)
    assert {len(batches.draw(step).images) for step in range(20)} == {5, 20}
    assert all((batches.draw(step).values > 0).all() for step in range(20))


@pytest.mark.parametrize(("size", "negatives"), [(4, 0.9), (1, 0.6), (64, 0.999)])
def test_something_of_the_category_is_in_every_batch(tmp_path: Path, size: int, negatives: float):
    batches = Batches(made({"horse": 70, "apple": 70}, tmp_path), size=size, negatives=negatives, seed=1)
    for step in range(20):
        assert np.count_nonzero(batches.draw(step).values) == 1
        assert len(batches.draw(step).values) == size


def test_weights_decide_what_is_drawn(tmp_path: Path):
    rows = "".join(f"{i}.jpg\tX\thorse\t{i}\t{float(i < 10)}\n" for i in range(40))
    examples = read_examples(write(tmp_path, HEADING.strip() + "\tsample_weights_by_class\n" + rows))
    batches = Batches(examples, size=20, negatives=0, seed=1)
    assert sorted(batches.draw(0).images.tolist()) == list(range(10))


def test_draws_depend_on_seed_step_and_process_alone(tmp_path: Path):
    examples = made({"horse": 40, "apple": 30}, tmp_path)
    first, again = (Batches(examples, size=8, negatives=0.2, seed=1) for _ in range(2))
    again.draw(3)
    np.testing.assert_array_equal(first.draw(7).images, again.draw(7).images)
    other = Batches(examples, size=8, negatives=0.2, seed=2)
    drawn = [first.draw(7), first.draw(8), first.draw(7, 1), first.draw(7, 0, 1), other.draw(7)]
    assert len({tuple(batch.images.tolist()) for batch in drawn}) == 5


def test_scales_are_those_of_each_category(tmp_path: Path):
    examples = made({"horse": 3, "apple": 1}, tmp_path)
    (centre, spread), lone = examples.scales()
    assert (centre, spread) == (2.0, pytest.approx(np.std([1, 2, 3])))
    assert lone == (1.0, 1.0)
    assert examples.where(examples.category == 0).scales()[1] == (0.0, 1.0)
