import numpy as np
import pytest
from PIL import Image

from ctpn_crnn.errors import ConfigError, DatasetError
from ctpn_crnn.jobs.windows.inputs import check_windows, read_images, read_windows


def written(folder, text, name="in.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_txt_names_each_image_once(tmp_path):
    entries = read_images(written(tmp_path, "\ufeffb.png\r\n\n 合同 1.png \r\na.png\nb.png\n", "in.TXT"))
    assert [entry.name for entry in entries] == ["b.png", "合同 1.png", "a.png"]
    assert all(entry.windows is None for entry in entries)


def test_windows_are_gathered_by_image_in_order(tmp_path):
    text = 'ymin,filename,xmax,xmin,ymax\n1,"b,1.png",30,10,21.5\n0,a.png,5,0,5\n\n2,"b,1.png",30,10,22\n'
    one, two = read_windows(written(tmp_path, text))
    assert (one.name, two.name) == ("b,1.png", "a.png")
    assert one.windows.tolist() == [[1, 10, 21.5, 30], [2, 10, 22, 30]]
    assert list(one.lines) == [2, 5]
    assert two.windows.tolist() == [[0, 0, 5, 5]]


def test_other_modes_need_names_only(tmp_path):
    names = [entry.name for entry in read_images(written(tmp_path, "filename\nb.png\na.png\nb.png\n"))]
    assert names == ["b.png", "a.png"]


def test_txt_gives_whole_images(tmp_path):
    (entry,) = read_windows(written(tmp_path, "a.png\n", "in.txt"))
    assert entry.windows is None


HEADER = "filename,xmin,ymin,xmax,ymax\n"


@pytest.mark.parametrize(
    "text, message",
    [
        ("filename,xmn,ymin,xmax,ymax\n", r"in\.csv:1: unknown column 'xmn'"),
        ("filename,xmin,ymin,xmax\n", "'ymax' is missing"),
        ("filename,xmin,ymin,xmax,ymax,xmin\n", "'xmin' is there twice"),
        ("a.png,1,2,3,4\n", "unknown column 'a.png'"),
        ("", "'filename' is missing"),
        (HEADER, "no window"),
        (HEADER + "a.png,1,2,3\n", r"in\.csv:2: 4 fields"),
        (HEADER + "a.png,1,2,x,4\n", r"in\.csv:2: 'x' is not a number"),
        (HEADER + "a.png,1,2,nan,4\n", "not finite"),
        (HEADER + "a.png,1,2,3,4\na.png,3,2,3,4\n", r"in\.csv:3: .* no area"),
        (HEADER + " ,1,2,3,4\n", "filename is empty"),
        (HEADER + '"a.png,1,2,3,4\n', r"in\.csv:2: .*quotes"),
    ],
)
def test_malformed_csv(tmp_path, text, message):
    with pytest.raises(DatasetError, match=message):
        read_windows(written(tmp_path, text))


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="unknown input file type"):
        read_images(written(tmp_path, "a.png", "in.tsv"))
    with pytest.raises(DatasetError, match="names no image"):
        read_images(written(tmp_path, "\n", "in.txt"))
    with pytest.raises(DatasetError, match="check the path"):
        read_images(tmp_path / "missing.txt")
    (tmp_path / "latin.txt").write_bytes(b"a.png\n\xe9.png\n")
    with pytest.raises(DatasetError, match="latin.txt:2: not UTF-8"):
        read_images(tmp_path / "latin.txt")


def test_windows_outside_of_their_image_are_found_by_its_header(tmp_path):
    Image.new("RGB", (40, 20)).save(tmp_path / "a.png")
    turned = Image.Exif()
    turned[0x0112] = 6  # 20 wide and 40 high when upright
    Image.new("RGB", (40, 20)).save(tmp_path / "b.jpg", exif=turned)
    good = f"{tmp_path}/a.png,0,0,40,20\n{tmp_path}/b.jpg,0,0,20,40\n{tmp_path}/missing.png,0,0,9e9,2\n"
    check_windows(read_windows(written(tmp_path, HEADER + good)), "in.csv")
    for bad in ("a.png,0,0,41,20", "a.png,-1,0,4,20", "b.jpg,0,0,40,20"):
        entries = read_windows(written(tmp_path, f"{HEADER}{good}{tmp_path}/{bad}\n"))
        with pytest.raises(DatasetError, match=r"in\.csv:5: the window .* reaches out of .*, which is \d+ x \d+"):
            check_windows(entries, "in.csv")


def test_many_windows_are_small_in_memory(tmp_path):
    (entry,) = read_windows(written(tmp_path, HEADER + "a.png,1,2,3,4\n" * 1000))
    assert entry.windows.shape == (1000, 4) and entry.windows.dtype == np.float64
    assert len(entry.lines) == 1000
