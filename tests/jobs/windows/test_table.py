import csv
import errno
import subprocess
import sys

import h5py
import numpy as np
import pandas
import pytest

from ctpn_crnn.errors import ConfigError, OutputError
from ctpn_crnn.jobs.journal import Journal
from ctpn_crnn.jobs.windows import table as table_module
from ctpn_crnn.jobs.windows.table import READ_COLUMNS, Table, check_format, columns_of

COLUMNS = columns_of(3, READ_COLUMNS)


@pytest.fixture
def table(tmp_path):
    with Journal(tmp_path / "journal", {}) as journal:
        table = Table(journal, COLUMNS)
        fill(table)
        yield table


def fill(table):
    table.add("图 1.png", [[1.5, 2, 30, 40, 0.1, 0.9, 0.0, '合同, "甲"', 0.75], [0, 0, 9, 9, 0.2, 0, 0.8, "", None]])
    table.add_failure("b.png", "is damaged, quite")
    table.add("c.png", [[0.123, 1, 2, 3, 1.0, 0.0, 0.0, "nan", 0.5]])
    table.add("empty.png", [])


def test_columns():
    assert columns_of(2) == ["ymin", "xmin", "ymax", "xmax", "class0", "class1"]


def test_what_was_done_is_there_again(tmp_path):
    for _ in range(2):
        with Journal(tmp_path / "journal", {}) as journal:
            table = Table(journal, COLUMNS)
            if not table.done:
                fill(table)
            assert table.done == {"图 1.png", "b.png", "c.png", "empty.png"}
            assert [name for name, _ in table.rows()] == ["图 1.png", "图 1.png", "c.png"]
            assert [row[-2:] for _, row in table.rows()] == [['合同, "甲"', 0.75], ["", None], ["nan", 0.5]]
            assert list(table.failures()) == [("b.png", "is damaged, quite")]


def test_csv(table, tmp_path):
    table.save(tmp_path / "out.CSV")
    with open(tmp_path / "out.CSV", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        "filename,ymin,xmin,ymax,xmax,class0,class1,class2,text,confidence".split(","),
        ["图 1.png", "1.5", "2", "30", "40", "0.1", "0.9", "0", '合同, "甲"', "0.75"],
        ["图 1.png", "0", "0", "9", "9", "0.2", "0", "0.8", "", ""],
        ["c.png", "0.123", "1", "2", "3", "1", "0", "0", "nan", "0.5"],
    ]


def test_h5_by_h5py(table, tmp_path):
    table.save(tmp_path / "out.h5")
    with h5py.File(tmp_path / "out.h5") as file:
        records = file["df/table"][:]
    assert records.dtype.names == ("index", *COLUMNS)
    assert [name.decode() for name in records["index"]] == ["图 1.png", "图 1.png", "c.png"]
    assert [text.decode() for text in records["text"]] == ['合同, "甲"', "", "nan"]
    assert records["class1"].tolist() == [0.9, 0.0, 0.0]
    assert np.isnan(records["confidence"]).tolist() == [False, True, False]


def test_h5_by_pandas(table, tmp_path):
    table.save(tmp_path / "out.h5")
    frame = pandas.read_hdf(tmp_path / "out.h5", key="df")
    assert frame.index.name == "filename" and list(frame.columns) == COLUMNS
    assert list(frame.index) == ["图 1.png", "图 1.png", "c.png"]
    assert frame.loc["c.png", "text"] == "nan" and frame["text"].tolist()[:2] == ['合同, "甲"', ""]
    assert frame["ymin"].tolist() == [1.5, 0, 0.123]
    assert frame["confidence"].isna().tolist() == [False, True, False]
    assert len(pandas.read_hdf(tmp_path / "out.h5", "df", where="class1 > 0.5")) == 1
    assert len(pandas.read_hdf(tmp_path / "out.h5", start=1, stop=2)) == 1


def test_no_rows_at_all(tmp_path):
    with Journal(tmp_path / "journal", {}) as journal:
        for name in ("out.csv", "out.h5", "read.h5"):
            Table(journal, columns_of(3, READ_COLUMNS if name == "read.h5" else ())).save(tmp_path / name)
    assert (tmp_path / "out.csv").read_text() == "filename,ymin,xmin,ymax,xmax,class0,class1,class2\n"
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["df/table"].shape == (0,)
    assert pandas.read_hdf(tmp_path / "out.h5", "df").shape == (0, 7)
    assert pandas.read_hdf(tmp_path / "read.h5", "df").shape == (0, 9)


def test_more_rows_than_are_written_at_once(tmp_path, monkeypatch):
    sizes = []
    frame_of = Table._frame
    monkeypatch.setattr(Table, "_frame", lambda self, rows: sizes.append(len(rows)) or frame_of(self, rows))
    with Journal(tmp_path / "journal", {}) as journal:
        table = Table(journal, columns_of(0, READ_COLUMNS))
        for image in range(10):  # the last name and text are the longest
            rows = [[image, row, 0, 0, "长" * image if row == 999 else "", None] for row in range(1000)]
            table.add(f"{'x' * 10 * image}{image}.png", rows)
        table.save(tmp_path / "out.h5")
    frame = pandas.read_hdf(tmp_path / "out.h5", "df")
    assert sizes == [4096, 4096, 1808], "a part is in memory at a time"
    assert (frame["ymin"] * 1000 + frame["xmin"]).tolist() == list(range(10_000))
    assert frame.index[-1] == f"{'x' * 90}9.png" and frame["text"].iloc[-1] == "长" * 9


def test_failures(table, tmp_path):
    path = tmp_path / "out.csv.errors.csv"
    table.save_failures(path)
    assert path.read_text(encoding="utf-8") == 'filename,error\nb.png,"is damaged, quite"\n'
    with Journal(tmp_path / "other", {}) as journal:
        Table(journal, COLUMNS).save_failures(path)
    assert not path.exists()


@pytest.mark.parametrize("missing", ["pandas", "tables"])
def test_hdf5_without_its_packages_is_refused(monkeypatch, tmp_path, missing):
    monkeypatch.setattr(table_module, "find_spec", lambda name: None if name == missing else object())
    with pytest.raises(ConfigError, match="out.h5 .* pip install pandas tables"):
        check_format(tmp_path / "out.h5")
    check_format(tmp_path / "out.csv")


def test_csv_needs_no_pandas(tmp_path):
    code = (
        "import sys; sys.modules['pandas'] = sys.modules['tables'] = None\n"
        "from pathlib import Path\n"
        "from ctpn_crnn.jobs.journal import Journal\n"
        "from ctpn_crnn.jobs.windows.table import Table\n"
        "folder = Path(sys.argv[1])\n"
        "with Journal(folder / 'journal', {}) as journal: Table(journal, ['ymin']).save(folder / 'out.csv')\n"
        "print((folder / 'out.csv').read_text().strip())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "filename,ymin\n"


def test_hdf5_on_a_disk_that_is_really_full(tmp_path):
    """PyTables says nothing when a file can grow no further and is closed."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "out.h5"
    path.write_text("earlier")
    with Journal(tmp_path / "journal", {}) as journal:
        table = Table(journal, columns_of(3))
        for image in range(10):
            table.add(f"{image}.png", np.random.default_rng(image).random((1000, 7)).tolist())
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(OutputError, match="cannot write .*out.h5: .*; check the folder's permissions and free"):
                table.save(path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_text() == "earlier"
        table.save(path)
    assert len(pandas.read_hdf(path, "df")) == 10_000


def raising(error):
    def fails(*args):
        raise error

    return fails


@pytest.mark.parametrize(
    "name, function, error",
    [
        ("out.csv", "_cell", OSError(errno.ENOSPC, "No space left on device")),
        ("out.h5", "_frame", OSError(errno.ENOSPC, "No space left on device")),
        ("out.h5", "_frame", RuntimeError("write failed: errno = 28, buf = 0x55")),  # as HDF5 says it
    ],
)
def test_a_full_disk_leaves_the_earlier_table(table, tmp_path, monkeypatch, name, function, error):
    path = tmp_path / name
    path.write_text("earlier")
    monkeypatch.setattr(table_module if name == "out.csv" else Table, function, raising(error))
    with pytest.raises(OutputError, match="cannot write"):
        table.save(path)
    assert path.read_text() == "earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["journal", name])
