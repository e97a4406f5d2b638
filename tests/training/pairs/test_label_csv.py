"""Labels as CSV."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imagesorter.errors import ExportError, TeachingError
from imagesorter.events import Notice, Ranked
from imagesorter.library.decode import content_key
from imagesorter.ranking.export import write_csv
from imagesorter.ranking.order import order
from imagesorter.training.pairs.label_csv import Found, Row, labels_of, read_rows, write_pairs, write_ratings
from imagesorter.training.pairs.labels import Label, Rating

JPEG = b"\xff\xd8\xff"
"""How files begin that pass for photographs here."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg", "=c ü.jpg"):
        (tmp_path / name).write_bytes(JPEG + name.encode())
    (tmp_path / "copy of a.jpg").write_bytes(JPEG + b"a.jpg")
    return tmp_path


def key(name: str) -> bytes:
    return content_key(JPEG + name.encode())


def taken(path: Path) -> tuple[Found, list[str]]:
    generator = labels_of(path, read_rows(path))
    notices = []
    while True:
        try:
            event = next(generator)
        except StopIteration as stopped:
            return stopped.value, notices
        if isinstance(event, Notice):
            notices.append(event.text)


def csv_of(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.csv"
    path.write_text(text, encoding)
    return path


def test_pairs_are_read_in_every_spelling(folder: Path):
    text = (
        "Winner,note,LEFT,right\nleft,,a.jpg,b.jpg\n RIGHT ,x,a.jpg,b.jpg\nb.jpg,,a.jpg,b.jpg\n"
        f"tie,,{folder / 'a.jpg'},'=c ü.jpg\n\n"
    )
    found, notices = taken(csv_of(folder, text, "utf-8-sig"))
    answers = [(label.left, label.right, label.answer) for label in found.labels]
    a, b, c = key("a.jpg"), key("b.jpg"), key("=c ü.jpg")
    assert answers == [(a, b, "left"), (a, b, "right"), (a, b, "right"), (a, c, "tie")]
    assert not notices and not found.left_out


def test_ratings_are_read(folder: Path):
    found, _ = taken(csv_of(folder, "file,value\na.jpg,3\nb.jpg,-1.5e0\n"))
    assert found.ratings == [Rating(key("a.jpg"), 3.0, "rating"), Rating(key("b.jpg"), -1.5, "rating")]


@pytest.mark.parametrize("blank", [",", ",  ", "", ",,", ",,a word"])
@pytest.mark.parametrize(
    ("heading", "said", "unsaid", "told"),
    [
        ("file,value", "a.jpg,2", ["b.jpg", "c.jpg"], "2 photographs have no value and are left out."),
        ("left,right,winner", "a.jpg,b.jpg,left", ["c.jpg,a.jpg"], "1 pair has no winner and is left out."),
    ],
)
def test_a_table_may_be_half_filled_in(
    folder: Path, heading: str, said: str, unsaid: list[str], told: str, blank: str
):
    lines = [f"{line}{blank}" for line in unsaid]
    found, notices = taken(csv_of(folder, "\n".join([heading, *lines, said]) + "\n"))
    assert (len(found.labels), len(found.ratings)) == ((1, 0) if "left" in heading else (0, 1))
    assert [notice.split(": ")[1] for notice in notices] == [told]
    path = folder / "labels.csv"
    [notice] = [event for event in labels_of(path, read_rows(path)) if isinstance(event, Notice)]
    assert notice.severity == "warning", "the Train tab takes another for one on labels known already"
    with pytest.raises(TeachingError, match=f"no {heading.split(',')[-1]} in any line below the heading"):
        read_rows(csv_of(folder, "\n".join([heading, *lines]) + "\n"))


@pytest.mark.parametrize(
    "heading", ["Filename,Rating", "path,score", "File,stars", "filename,value", "file,score", "path,Value"]
)
def test_ratings_may_have_the_headings_of_other_programs(folder: Path, heading: str):
    found, _ = taken(csv_of(folder, f"{heading}\na.jpg,3\n"))
    assert found.ratings == [Rating(key("a.jpg"), 3.0, "rating")]


def test_our_own_headings_come_before_those_of_others(folder: Path):
    found, _ = taken(csv_of(folder, "path,stars,file,value,rating\nnowhere,1,a.jpg,3,2\n"))
    assert found.ratings == [Rating(key("a.jpg"), 3.0, "rating")]


@pytest.mark.parametrize("file", ["file", "filename"])
def test_of_a_path_and_a_name_the_path_comes_first(folder: Path, file: str):
    (folder / "table").mkdir()
    table = f"rank,path,{file},score\n1,{folder / 'a.jpg'},a.jpg,3\n2,{folder},../b.jpg,1\n3,,../b.jpg,2\n"
    rows = read_rows(csv_of(folder / "table", table))
    b = folder / "table" / ".." / "b.jpg"
    assert [row.files for row in rows] == [(folder / "a.jpg",), (b,), (b,)]


def test_of_a_path_that_is_gone_the_name_counts_where_it_can_mean_one_photograph(folder: Path):
    path = csv_of(folder, "path,file,value\n/gone/a.jpg,a.jpg,3\n/gone/b.jpg,b.jpg,2\n/lost/b.jpg,b.jpg,1\n")
    a, *others = read_rows(path)
    assert a.files == a.moved == (folder / "a.jpg",)
    assert not any(row.moved for row in others) and folder / "b.jpg" not in {row.files[0] for row in others}


@pytest.mark.parametrize("separator", [",", ";"])
def test_scores_of_an_exported_order_are_no_ratings(folder: Path, separator: str):
    ranked = Ranked("warm", "m", *order(range(2), np.array([0.5, 2.5], np.float32)), complete=True)
    exported = folder / "labels.csv"
    write_csv(ranked, [folder / "a.jpg", folder / "=c ü.jpg"], exported)
    heading, *lines = exported.read_text("utf-8").replace(",", separator).splitlines()
    with pytest.raises(
        TeachingError, match=r"labels.csv is an exported order: its scores are the model's own"
    ):
        read_rows(csv_of(folder, "\n".join([heading, *lines])))
    for name in ("Value", "rating", "stars"):
        values = [f"{line}{separator}{value}" for value, line in enumerate(lines)]
        rows = read_rows(csv_of(folder, "\n".join([f"{heading}{separator}{name}", *values])))
        assert [(*row.files, row.value) for row in rows] == [
            (folder / "=c ü.jpg", 0),
            (folder / "a.jpg", 1),
        ]


def test_of_several_values_of_a_photograph_the_last_counts_which_is_told(folder: Path):
    table = "file,value\na.jpg,1\nb.jpg,2\ncopy of a.jpg,3\nb.jpg,2\n"
    found, notices = taken(csv_of(folder, table))
    assert found.ratings == [Rating(key("a.jpg"), 3.0, "rating"), Rating(key("b.jpg"), 2.0, "rating")]
    assert notices == [f"{folder / 'labels.csv'}: 1 photograph has several values; the last one counts."]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.timeout(20)
def test_what_may_never_end_is_not_read(folder: Path):
    pipe = folder / "labels.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(TeachingError, match=f"{path} cannot be read: it is not a file"):
            read_rows(path)


def test_a_name_that_no_file_can_have_is_told(folder: Path):
    with pytest.raises(TeachingError, match="cannot be read"):
        read_rows(folder / f"{'a' * 300}.csv")


@pytest.mark.parametrize("separator", [";", "\t"])
def test_spreadsheets_of_other_countries_write_labels_too(folder: Path, separator: str):
    pairs = "left,right,winner\r\na.jpg,b.jpg,left\r\n".replace(",", separator)
    found, _ = taken(csv_of(folder, pairs, "utf-8-sig"))
    assert [(label.left, label.right, label.answer) for label in found.labels] == [
        (key("a.jpg"), key("b.jpg"), "left")
    ]
    found, _ = taken(csv_of(folder, f"value{separator}file\r\n1,5{separator}a.jpg\r\n"))
    assert not found.labels and found.ratings == [Rating(key("a.jpg"), 1.5, "rating")]


@pytest.mark.parametrize("first", ["sep={}", '"SEP={}"'])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_first_line_may_name_the_separator(folder: Path, first: str, separator: str):
    lines = [first.format(separator), f"file{separator}value", f"a.jpg{separator}3", f"b.jpg{separator}many"]
    (row,) = read_rows(csv_of(folder, "\r\n".join(lines[:3]), "utf-8-sig"))
    assert (row.files, row.value, row.line) == ((folder / "a.jpg",), 3, 3)
    with pytest.raises(TeachingError, match="line 4: the value “many” is not a number"):
        read_rows(csv_of(folder, "\n".join(lines)))


def test_the_separator_that_the_first_line_names_is_the_one(folder: Path):
    with pytest.raises(TeachingError, match=r"the line below “sep=;” must name .* or file;value"):
        read_rows(csv_of(folder, "sep=;\nfile,value\na.jpg,3\n"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_table_in_utf_16_is_told_with_a_remedy(folder: Path, encoding: str):
    with pytest.raises(TeachingError, match="line 1: this is not text in UTF-8"):
        read_rows(csv_of(folder, "file,value\na.jpg,3\n", encoding))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_all_names_may_be_in_quotes(folder: Path, separator: str):
    lines = ('"left","right","winner"', '"a.jpg","b.jpg","left"')
    text = "\n".join(line.replace(",", separator) for line in lines)
    assert [row.files for row in read_rows(csv_of(folder, text))] == [(folder / "a.jpg", folder / "b.jpg")]


@pytest.mark.parametrize(
    "text",
    [
        "file,value\na.jpg,4,\nb.jpg,5,, \n",
        "file,value,note,,\na.jpg,4,dark,,\nb.jpg,5\n",
        ",file,,value\n0,a.jpg,x,4\n1,b.jpg,,5\n",
    ],
)
def test_there_may_be_other_columns_and_empty_cells_after_the_last(folder: Path, text: str):
    assert [row.value for row in read_rows(csv_of(folder, text))] == [4, 5]


@pytest.mark.parametrize("value", ["1,500", "-12,000", " 1,500"])
def test_a_comma_before_three_digits_between_commas_may_mean_anything(folder: Path, value: str):
    with pytest.raises(TeachingError, match=f"line 2: the value “{value.strip()}” may be a decimal or thous"):
        read_rows(csv_of(folder, f'file,value\na.jpg,"{value}"\n'))
    [row] = read_rows(csv_of(folder, 'file,value\na.jpg,"0,500"\n'))
    assert row.value == 0.5


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_number_may_have_a_decimal_comma_whatever_separates_the_columns(folder: Path, separator: str):
    text = f'file{separator}value\na.jpg{separator}"1,5"\nb.jpg{separator}"-0,25"\n'
    assert [row.value for row in read_rows(csv_of(folder, text))] == [1.5, -0.25]
    for value in ("1,234,567", "1.376,5", "1,376.5", "1_000"):
        with pytest.raises(TeachingError, match=f"line 2: the value “{value}” is not a number"):
            read_rows(csv_of(folder, f'file{separator}value\na.jpg{separator}"{value}"\n'))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("left,right,winner\na.jpg,b.jpg,left\na.jpg,b.jpg,neither\n", "line 3.*neither"),
        ("left,right,winner\na.jpg,b.jpg\n", "no winner in any line"),
        ("left,right,winner\na.jpg,b.jpg,left\na.jpg\n", "line 3: the name of a photograph is missing"),
        ("winner,left,right\nleft,a.jpg\n", "line 2: a column is missing"),
        ("value,file\n3\n", "line 2: a column is missing; file,value are needed"),
        ("file,value\na.jpg,1\nb.jpg;2\n", "line 3: a column is missing; file,value are needed"),
        ("file;value\na.jpg;1\nb.jpg,2\n", "line 3: a column is missing; file,value are needed"),
        ("file,value\na.jpg,1\na,b.jpg,2\n", "line 3: “2” stands in a column without a name"),
        ("file,value\na.jpg,1,,\nb.jpg,4,9\n", "line 3: “9”.*Put a name or number with a comma in quotation"),
        ("value,file\n4,9,a.jpg\n", "line 2: “a.jpg” .*, or separate the columns by semicolons; name"),
        ("file,note,value\na.jpg,,4,9\n", "line 2: “9” stands"),
        ("file,value,,\na.jpg,4,9,\n", "line 2: “9” stands"),
        ("file;value\na.jpg;4;9\n", "line 2: “9” .*Put a name with a semicolon in quotation marks; name"),
        ("left,right,winner\na,b.jpg,b.jpg,left\n", "line 2: “left” stands"),
        ("left,right,winner\na.jpg,,left\n", "line 2.*name of a photograph"),
        ("file,value\na.jpg,1\nb.jpg,many\n", "line 3.*not a number"),
        ("file,value\na.jpg,nan\n", "line 2.*not a number"),
        ("file,value\na.jpg,inf\n", "line 2.*too large"),
        ("file,value\na.jpg,1e200\n", "line 2.*too large"),
        ("file,title\na.jpg,1\n", "first line"),
        ("", "first line"),
        ("file,value\n\n", "no labels"),
        ('file,value\n"a.jpg,1\n', "line 2: this is not a CSV; a quotation mark"),
        ('"file,value\na.jpg,1\n', "line 1: this is not a CSV; a quotation mark"),
        ('"file";"title"\n"a.jpg";"1"\n', "first line"),
    ],
)
def test_what_cannot_be_understood_names_the_line(folder: Path, text: str, line: str):
    with pytest.raises(TeachingError, match=line):
        read_rows(csv_of(folder, text))


def test_files_that_are_no_csv_are_told(folder: Path):
    (folder / "x.csv").write_bytes(b"file,value\n\xff\xfe,1\n")
    with pytest.raises(TeachingError) as caught:
        read_rows(folder / "x.csv")
    told = "line 2: this is not text in UTF-8. Save the table as “CSV UTF-8”."
    assert str(caught.value) == f"{folder / 'x.csv'}, {told}"
    with pytest.raises(TeachingError, match=r"cannot be read: there is no such file\. Check the spelling\."):
        read_rows(folder / "absent.csv")
    with pytest.raises(TeachingError, match=r"line 2: a cell has more than 131,072 characters\. Shorten it"):
        read_rows(csv_of(folder, f"file,value\n{'a' * 200_000},1\n"))
    with pytest.raises(TeachingError, match="line 2: this is not a CSV; a quotation mark may be missing"):
        read_rows(csv_of(folder, 'file,value\n"a.jpg,1\n'))
    with pytest.raises(TeachingError, match="cannot be read"):
        read_rows(folder)


def test_a_remedy_is_told_where_a_file_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def closed(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = csv_of(folder, "file,value\na.jpg,1\n")
    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(TeachingError, match=r"there is no permission to read it\. Change its permissions"):
        read_rows(path)


def test_paths_that_windows_wrote_are_found(folder: Path):
    (folder / "deep").mkdir()
    (folder / "a.jpg").rename(folder / "deep" / "a.jpg")
    found, notices = taken(csv_of(folder, "left,right,winner\ndeep\\a.jpg,.\\b.jpg,left\n"))
    assert len(found.labels) == 1 and not notices


@pytest.mark.parametrize(("asked", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_may_be_written_as_other_systems_do(folder: Path, asked: str, there: str):
    name = unicodedata.normalize(there, "\u00e9t\u00e9.jpg")
    (folder / name).write_bytes(JPEG)
    text = f"left,right,winner\n{unicodedata.normalize(asked, name)},a.jpg,left\n"
    found, notices = taken(csv_of(folder, text))
    assert len(found.labels) == 1 and not notices


def test_an_apostrophe_may_belong_to_a_name_or_guard_its_cell(folder: Path):
    for name in ("'a.jpg", "=a.jpg"):
        (folder / name).write_bytes(JPEG + name.encode())
    (row,) = read_rows(csv_of(folder, "left,right,winner\n'a.jpg,'b.jpg,left\n"))
    assert row.files == (folder / "'a.jpg", folder / "b.jpg"), "not another photograph where both are there"
    (row,) = read_rows(csv_of(folder, "left,right,winner\n''a.jpg,'=a.jpg,left\n"))
    assert row.files == (folder / "'a.jpg", folder / "=a.jpg")


def test_a_space_may_follow_a_comma(folder: Path):
    found, notices = taken(csv_of(folder, 'left, right, winner\na.jpg, "b.jpg", b.jpg\na.jpg, b.jpg, tie\n'))
    assert [label.answer for label in found.labels] == ["right", "tie"] and not notices


def test_a_space_may_stand_before_a_comma_and_may_end_a_name(folder: Path):
    (folder / "b.jpg ").write_bytes(JPEG + b"b.jpg ")
    text = "left , right , winner\na.jpg , c.jpg , right \na.jpg,b.jpg ,b.jpg\na.jpg,c.jpg,c.jpg \n"
    first, second, third = read_rows(csv_of(folder, text))
    assert first.files == third.files == (folder / "a.jpg", folder / "c.jpg")
    assert second.files == (folder / "a.jpg", folder / "b.jpg "), "as written, where that is there"
    assert (first.answer, second.answer, third.answer) == ("right",) * 3


def test_photographs_that_are_gone_are_left_out_with_a_word(folder: Path):
    found, notices = taken(csv_of(folder, "left,right,winner\na.jpg,b.jpg,left\na.jpg,gone.jpg,left\n"))
    assert len(found.labels) == 1 and found.left_out == 1
    assert "1 photograph is left out. line 3" in notices[0] and "gone.jpg" in notices[0]
    assert "there is no such file" in notices[0], "it may never have been there"
    with pytest.raises(TeachingError, match="none of its photographs can be read"):
        taken(csv_of(folder, "file,value\ngone.jpg,1\n"))


def test_the_lines_are_not_gone_through_for_each_photograph_that_is_gone(folder: Path):
    class Counted(list[Row]):
        times = 0

        def __iter__(self) -> Iterator[Row]:
            self.times += 1
            return super().__iter__()

    gone = "".join(f"gone {number}.jpg,1\n" for number in range(50))
    rows = Counted(read_rows(csv_of(folder, f"file,value\na.jpg,1\n{gone}gone 0.jpg,2\n")))
    told = [event.text for event in labels_of(folder, rows) if isinstance(event, Notice)]
    assert len(told) == 1 and "50 photographs are left out. line 3: " in told[0]
    assert rows.times <= 3


def test_files_that_are_no_photographs_are_left_out_with_a_word(folder: Path):
    (folder / "secret.txt").write_text("secret")
    found, notices = taken(csv_of(folder, "file,value\na.jpg,3\nsecret.txt,1\n"))
    assert [rating.photograph for rating in found.ratings] == [key("a.jpg")] and found.left_out == 1
    assert "line 3" in notices[0] and "not a photograph" in notices[0]


def test_photographs_are_looked_for_in_folders_named_too(folder: Path):
    there = folder / "there"
    there.mkdir()
    (there / "d.jpg").write_bytes(JPEG + b"d.jpg")
    (there / "a.jpg").write_bytes(JPEG + b"another")
    path = csv_of(folder, "left,right,winner\na.jpg,d.jpg,left\na.jpg,gone.jpg,left\n")
    near, far = read_rows(path, [folder / "absent", there])
    assert near.files == (folder / "a.jpg", there / "d.jpg"), "the CSV's own folder comes first"
    assert far.files[1] == folder / "gone.jpg"


def test_photographs_that_were_moved_are_known_by_name_where_that_can_mean_one(folder: Path):
    for name in ("new/d.jpg", "new/e.jpg", "new/f.jpg", "new/g.jpg", "old/f.jpg", "more/g.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(JPEG + name.encode())
    text = (
        "left,right,winner\n/gone/d.jpg,a.jpg,left\nC:\\gone\\d2.jpg,lost/e.jpg,left\ngone/e.jpg,a.jpg,left\n"
    )
    path = csv_of(folder, f"{text}new/f.jpg,gone/f.jpg,left\ngone/g.jpg,a.jpg,left\n")
    (folder / "d2.jpg").write_bytes(JPEG)
    (folder / "more" / "d.jpg").write_bytes(JPEG + b"new/d.jpg")
    beside = [folder / "new", folder / "more", folder / "d2.jpg", folder / "more" / ".." / "new"]
    rows = read_rows(path, beside)
    assert [row.moved for row in rows] == [(folder / "new" / "d.jpg",), (folder / "d2.jpg",), (), (), ()]
    assert rows[0].files == (folder / "new" / "d.jpg", folder / "a.jpg")
    assert rows[1].files[1] == folder / "lost" / "e.jpg", "two are called so"
    assert rows[3].files[1] == folder / "gone" / "f.jpg", "that one is another photograph"
    assert rows[4].files[0] == folder / "gone" / "g.jpg", "there are two different ones"
    told = [event.text for event in labels_of(path, rows) if isinstance(event, Notice)]
    assert "2 photographs are not where it says, and taken by name (" in told[0]
    assert not any(row.moved for row in read_rows(path)), "the CSV's own folder was named by the names"


@pytest.mark.parametrize(
    "names",
    [
        ("gone/x.jpg", "album/x.jpg"),
        ("gone/\N{LATIN SMALL LETTER E WITH ACUTE}.jpg", "lost/e\N{COMBINING ACUTE ACCENT}.jpg"),
        ("gone/2.jpg", "lost/'2.jpg"),
        ("gone/IMG.JPG", "lost/img.jpg"),
    ],
)
def test_a_name_that_can_mean_two_photographs_is_not_looked_for(folder: Path, names: tuple[str, str]):
    for name in (
        "album/x.jpg",
        "new/x.jpg",
        "new/\N{LATIN SMALL LETTER E WITH ACUTE}.jpg",
        "new/2.jpg",
        "new/img.jpg",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(JPEG)
    first, second = names
    path = csv_of(folder, f"left,right,winner\n{first},a.jpg,left\n{second},a.jpg,right\n")
    assert not any(row.moved for row in read_rows(path, [folder / "new"]))


def test_places_are_whole_paths_wherever_the_command_is_given(folder: Path, monkeypatch: pytest.MonkeyPatch):
    (folder / "there").mkdir()
    (folder / "there" / "d.jpg").write_bytes(JPEG + b"d.jpg")
    csv_of(folder, "left,right,winner\na.jpg,d.jpg,left\na.jpg,gone.jpg,left\n")
    monkeypatch.chdir(folder)
    near, far = read_rows(Path("labels.csv"), [Path("there")])
    assert near.files == (folder / "a.jpg", folder / "there" / "d.jpg")
    assert far.files[1] == folder / "gone.jpg"
    assert taken(Path("labels.csv"))[0].places == {key("a.jpg"): folder / "a.jpg"}


def test_a_photograph_against_its_copy_says_nothing(folder: Path):
    found, notices = taken(csv_of(folder, "left,right,winner\na.jpg,copy of a.jpg,left\na.jpg,b.jpg,tie\n"))
    assert len(found.labels) == 1 and found.left_out == 1
    assert "line 2" in notices[0]


def test_no_heading_is_written_without_rows(folder: Path):
    path, places = folder / "out.csv", {key("a.jpg"): folder / "a.jpg"}
    with pytest.raises(ExportError, match="there are no answers"):
        write_pairs(path, [Label(key("a.jpg"), key("unknown"), "left", "chosen")], places)
    with pytest.raises(ExportError, match="there are no ratings"):
        write_ratings(path, [Rating(key("a.jpg"), 1.0, "mark")], places)
    assert not path.exists()


def test_what_is_written_is_read_back(folder: Path):
    names = ("a.jpg", "b.jpg", "=c ü.jpg")
    places = {key(name): folder / name for name in names}
    a, b, c = (key(name) for name in names)
    labels = [Label(a, b, "left", "chosen"), Label(c, a, "tie", "random"), Label(b, c, "skip", "chosen"),
              Label(a, key("unknown"), "left", "chosen")]  # fmt: skip
    path = folder / "out.csv"
    assert write_pairs(path, labels, places) == 2
    found, _ = taken(path)
    assert [(x.left, x.right, x.answer) for x in found.labels] == [(a, b, "left"), (c, a, "tie")]
    ratings = [Rating(a, 0.1, "rating"), Rating(b, 1.0, "mark")]
    assert write_ratings(path, ratings, places) == 1
    assert taken(path)[0].ratings == [ratings[0]]
    with pytest.raises(ExportError):
        write_pairs(folder / "a.jpg", labels, places)
    assert (folder / "a.jpg").read_bytes() == JPEG + b"a.jpg"
