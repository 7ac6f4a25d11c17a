import csv

import h5py
import numpy as np
import pytest

from ctpn_crnn.errors import OutputError
from ctpn_crnn.jobs.windows import pandas_hdf
from ctpn_crnn.jobs.windows.journal import Journal
from ctpn_crnn.jobs.windows.table import READ_COLUMNS, columns_of, save_failures, save_table

COLUMNS = columns_of(3, READ_COLUMNS)


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal", {}) as journal:
        fill(journal)
        yield journal


def fill(journal):
    journal.add("图 1.png", [[1.5, 2, 30, 40, 0.1, 0.9, 0.0, '合同, "甲"', 0.75], [0, 0, 9, 9, 0.2, 0, 0.8, "", None]])
    journal.add_failure("b.png", "is damaged, quite")
    journal.add("c.png", [[0.123, 1, 2, 3, 1.0, 0.0, 0.0, "nan", 0.5]])


def test_columns():
    assert columns_of(2) == ["ymin", "xmin", "ymax", "xmax", "class0", "class1"]


def test_csv(journal, tmp_path):
    save_table(journal, COLUMNS, tmp_path / "out.CSV")
    with open(tmp_path / "out.CSV", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        "filename,ymin,xmin,ymax,xmax,class0,class1,class2,text,confidence".split(","),
        ["图 1.png", "1.5", "2", "30", "40", "0.1", "0.9", "0", '合同, "甲"', "0.75"],
        ["图 1.png", "0", "0", "9", "9", "0.2", "0", "0.8", "", ""],
        ["c.png", "0.123", "1", "2", "3", "1", "0", "0", "nan", "0.5"],
    ]


def test_h5_by_h5py(journal, tmp_path):
    save_table(journal, COLUMNS, tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        table = file["df/table"][:]
    assert table.dtype.names == ("index", *COLUMNS)
    assert [name.decode() for name in table["index"]] == ["图 1.png", "图 1.png", "c.png"]
    assert [text.decode() for text in table["text"]] == ['合同, "甲"', "", "nan"]
    assert table["class1"].tolist() == [0.9, 0.0, 0.0]
    assert np.isnan(table["confidence"]).tolist() == [False, True, False]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_h5_by_pandas(journal, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("tables")
    save_table(journal, COLUMNS, tmp_path / "out.h5")
    frame = pandas.read_hdf(tmp_path / "out.h5", key="df")
    assert frame.index.name == "filename" and list(frame.columns) == COLUMNS
    assert list(frame.index) == ["图 1.png", "图 1.png", "c.png"]
    assert frame.loc["c.png", "text"] == "nan" and frame["text"].tolist()[:2] == ['合同, "甲"', ""]
    assert frame["ymin"].tolist() == [1.5, 0, 0.123]
    assert frame["confidence"].isna().tolist() == [False, True, False]
    assert len(pandas.read_hdf(tmp_path / "out.h5", "df", where="class1 > 0.5")) == 1
    assert len(pandas.read_hdf(tmp_path / "out.h5", start=1, stop=2)) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_no_rows_at_all(tmp_path):
    with Journal(tmp_path / "journal", {}) as journal:
        for name in ("out.csv", "out.h5"):
            save_table(journal, columns_of(3), tmp_path / name)
    assert (tmp_path / "out.csv").read_text() == "filename,ymin,xmin,ymax,xmax,class0,class1,class2\n"
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["df/table"].shape == (0,)
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("tables")
    assert pandas.read_hdf(tmp_path / "out.h5", "df").shape == (0, 7)


def test_more_rows_than_are_written_at_once(tmp_path):
    with Journal(tmp_path / "journal", {}) as journal:
        for image in range(10):
            journal.add(f"{image}.png", [[image, row, 0, 0] for row in range(1000)])
        save_table(journal, columns_of(0), tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        table = file["df/table"][:]
    assert (table["ymin"] * 1000 + table["xmin"]).tolist() == list(range(10_000))


def test_failures(journal, tmp_path):
    path = tmp_path / "out.csv.errors.csv"
    save_failures(journal, path)
    assert path.read_text(encoding="utf-8") == 'filename,error\nb.png,"is damaged, quite"\n'
    with Journal(tmp_path / "other", {}) as none:
        save_failures(none, path)
    assert not path.exists()


def full_disk(error):
    def fails(*args):
        yield from ()
        raise error

    return fails


@pytest.mark.parametrize(
    "name, method, error",
    [
        ("out.csv", (Journal, "rows"), OSError(28, "No space left on device")),
        ("out.h5", (pandas_hdf, "_parts"), OSError(28, "No space left on device")),
        ("out.h5", (pandas_hdf, "_parts"), RuntimeError("write failed: errno = 28, buf = 0x55")),  # of HDF5, closing
    ],
)
def test_full_disk_leaves_the_earlier_table(journal, tmp_path, monkeypatch, name, method, error):
    path = tmp_path / name
    path.write_text("earlier")
    monkeypatch.setattr(*method, full_disk(error))
    with pytest.raises(OutputError, match="cannot write"):
        save_table(journal, COLUMNS, path)
    assert path.read_text() == "earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["journal", name])
