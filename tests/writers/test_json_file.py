"""JSON, read back and held against the schema."""

import json
import math
from pathlib import Path

import pytest

from ctpn_crnn.errors import ConfigError, OutputError
from ctpn_crnn.geometry import box_to_quad
from ctpn_crnn.page import Page, TextLine
from ctpn_crnn.writers import open_writer, read_json

SCHEMAS = Path(__file__).parents[2] / "docs" / "schema"


def written(folder, *pages):
    with open_writer("json", folder / "a.json") as writer:
        for page in pages:
            writer.add(page)
    return folder / "a.json"


def test_pages_are_read_back_exactly(tmp_path, page):
    pages = [page, Page(0, 0), page]
    path = written(tmp_path, *pages)
    assert read_json(path) == pages
    text = path.read_text(encoding="utf-8")
    assert "第3条 使用 Tensor" in text
    assert len(text.splitlines()) == 5  # a page a line, for tools that read line by line
    assert json.loads(text)["version"] == 1


def test_a_document_of_one_page_or_none_is_read_back(tmp_path, page):
    assert read_json(written(tmp_path, page)) == [page]
    assert read_json(written(tmp_path)) == []


def test_a_bare_page_is_read_too(tmp_path, page):
    (tmp_path / "a.json").write_text(json.dumps(page.to_dict()), encoding="utf-8")
    assert read_json(tmp_path / "a.json") == [page]


@pytest.mark.parametrize(
    "content",
    ["{", "", "[]", "{}", '{"pages": []}', '{"version": 1, "pages": {}}', '{"version": 2, "pages": []}', "\xff"],
)
def test_files_of_another_form_are_refused(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError):
        read_json(tmp_path / "a.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="none.json"):
        read_json(tmp_path / "none.json")


def test_numbers_that_json_does_not_have_are_refused(tmp_path):
    page = Page(9, 9, [TextLine("a", math.nan, box_to_quad(0, 0, 1, 1))])
    with pytest.raises(OutputError, match="page 1 .*not finite"):
        written(tmp_path, page)
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_fits_the_schema(tmp_path, page):
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")}
    resources = [(name, referencing.Resource.from_contents(schema)) for name, schema in schemas.items()]
    registry = referencing.Registry().with_resources(resources)
    document = jsonschema.Draft202012Validator(schemas["document.schema.json"], registry=registry)
    data = json.loads(written(tmp_path, page, Page(1, 1)).read_text(encoding="utf-8"))
    document.validate(data)
    data["pages"][0]["lines"][0]["chars"][0]["start"] = 2
    assert not document.is_valid(data)
    single = jsonschema.Draft202012Validator(schemas["page.schema.json"])
    single.validate(page.to_dict())
    for key in set(page.to_dict()) - {"orientation"}:
        assert not single.is_valid({name: value for name, value in page.to_dict().items() if name != key})


def test_the_schema_names_what_is_written(page):
    """Without a validator: the keys of each object are those that the schema describes and requires."""
    schema = json.loads((SCHEMAS / "page.schema.json").read_text(encoding="utf-8"))
    whole = page.to_dict()
    line = whole["lines"][0]
    for data, part in ((whole, schema), (line, schema["$defs"]["line"]), (line["chars"][0], schema["$defs"]["char"])):
        assert set(data) == set(part["properties"])
        assert set(data) - set(part["required"]) <= {"orientation", "formulas"}
    assert schema["properties"]["version"]["const"] == whole["version"]
