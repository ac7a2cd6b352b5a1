"""A record's metadata as XML, by a profile that is data."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from classroom.access.harvest import Harvested
from classroom.catalog import DEFAULT_LANGUAGE, word
from classroom.clock import SCHOOL_ZONE
from classroom.model.catalogue import Licence

_FILES = {"oai_dc": "dublin_core.toml", "lom": "lom.toml"}
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
# XML 1.0 § 2.2: these stand in no document, however they are written
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CC = "https://creativecommons.org/licenses/{}/4.0/"
# Children begin school in the year in which they turn six (义务教育法 第十一条).
_AGE_BEFORE_GRADE_ONE = 5

Values = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Profile:
    """Which elements a format has and from which values they are filled."""

    format: str
    root: str
    namespace: str
    schema: str
    namespaces: Mapping[str, str]
    elements: tuple[Mapping[str, Any], ...]


@cache
def profile(name: str) -> Profile:
    """One of `protocol.FORMATS`."""
    source = resources.files("media_server.archive.library.oai").joinpath(_FILES[name]).read_text("utf-8")
    found = tomllib.loads(source)
    return Profile(
        format=found["format"],
        root=found["root"],
        namespace=found["namespace"],
        schema=found["schema"],
        namespaces=found["namespaces"],
        elements=tuple(found["element"]),
    )


def xml_text(text: str) -> str:
    """The text without what no XML document may hold."""
    return _NOT_XML.sub("", text)


def values_of(record: Harvested, address: str) -> Values:
    """What profiles may name. `address`: where the recording is watched."""
    entry = record.entry
    minutes, seconds = divmod(round(record.duration_s), 60)
    age = _AGE_BEFORE_GRADE_ONE + entry.grade if entry.grade else None
    return {
        "title": record.title,
        "authors": entry.authors or ([entry.teacher_name] if entry.teacher_name else []),
        "subjects": [entry.subject] if entry.subject else [],
        "keywords": list(dict.fromkeys([*record.topics, *entry.tags, *([record.edition] if record.edition else [])])),
        "description": entry.description,
        "school": record.school_name,
        "partners": entry.partners,
        "recorded": record.began_at.astimezone(SCHOOL_ZONE).date().isoformat(),
        "address": address,
        "language": entry.language,
        "duration": f"PT{minutes}M{seconds}S",
        "ages": f"{age}-{age + 1}" if age else "",
        "rights": _rights(entry.licence, entry.rights_holder),
    }


def _rights(licence: Licence, holder: str) -> str:
    if licence.value.startswith("cc-"):
        return f"{_CC.format(licence.value.removeprefix('cc-'))} © {holder}".removesuffix(" © ")
    return f"{word('licence', licence.value, DEFAULT_LANGUAGE)} © {holder}".removesuffix(" © ")


def metadata(form: Profile, values: Values) -> Element:
    """The metadata of one record."""
    names = {"xmlns:xsi": _XSI, "xsi:schemaLocation": f"{form.namespace} {form.schema}"}
    names |= {f"xmlns:{prefix}": uri for prefix, uri in form.namespaces.items()}
    if not form.namespaces:
        names["xmlns"] = form.namespace
    root = Element(form.root, names)
    for line in form.elements:
        _write(root, line, values)
    return root


def _write(parent: Element, line: Mapping[str, Any], values: Values) -> None:
    given = line.get("text", values.get(line.get("from", ""), ""))
    path: str = line["path"]
    for value in [given] if isinstance(given, str) else given:
        if not value:
            continue
        shared, _, own = path.rpartition("//")
        at = parent
        for name in shared.split("/") if shared else []:
            at = _child(at, name)
        parts = own.split("/")
        for name in parts[:-1]:
            # below `//` every value opens its own branch
            at = SubElement(at, name) if shared else _child(at, name)
        element = SubElement(at, parts[-1])
        if line.get("language"):
            element.set("language", str(values["language"]))
        if "parts" not in line:
            element.text = xml_text(value)
        for part in line.get("parts", ()):
            _write(element, part, {**values, "vcard": f"BEGIN:VCARD\nVERSION:3.0\nN:{value}\nFN:{value}\nEND:VCARD"})


def _child(parent: Element, name: str) -> Element:
    found = parent.find(name)
    return SubElement(parent, name) if found is None else found
