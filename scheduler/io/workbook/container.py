"""Is this an XLSX file at all, and one that may be opened? Looks at the ZIP directory only, nothing is unpacked."""

import io
import zipfile
from typing import Final

from classroom.errors import BadInput, TooLarge, Unsupported

# A county of 200 schools is 200 kB; the forms of a prefecture stay below a megabyte.
MOST_BYTES: Final = 8 * 1024 * 1024
# Unpacked: a sheet of 10,000 rows is 6 MB of XML.
MOST_UNPACKED_BYTES: Final = 64 * 1024 * 1024
MOST_PARTS: Final = 1000
# XML of numbers packs 10 to 30 times; what packs better than this was made to.
MOST_RATIO: Final = 200
# Small parts may pack as well as they like.
RATIO_MATTERS_BYTES: Final = 1024 * 1024

_ZIP: Final = b"PK\x03\x04"
# Compound files: Excel before 2007, and anything Office has encrypted (MS-CFB § 2.2)
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO § 2.3.4.4
_WORKBOOK_PARTS: Final = frozenset({"[Content_Types].xml", "xl/workbook.xml"})
_ENCRYPTED_FLAG: Final = 0x1  # APPNOTE.TXT § 4.4.4


def check_container(content: bytes) -> None:
    """Raises `TooLarge`, `Unsupported` for a file of another kind, `BadInput` for one that is damaged or malicious."""
    if len(content) > MOST_BYTES:
        raise TooLarge("workbook_too_large", limit_mb=MOST_BYTES // 1024**2)
    if content.startswith(_COMPOUND):
        if _ENCRYPTED in content:
            raise Unsupported("workbook_encrypted")
        raise Unsupported("workbook_is_old_excel")
    if not content.startswith(_ZIP):
        raise Unsupported("workbook_is_text" if _is_text(content) else "workbook_unknown")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise BadInput("workbook_damaged") from error
    if not {part.filename for part in parts} >= _WORKBOOK_PARTS:
        raise Unsupported("workbook_unknown")
    # Python never unpacks more of a part than its directory says, so the directory is what counts.
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
        raise TooLarge("workbook_unpacks_too_large", limit_mb=MOST_UNPACKED_BYTES // 1024**2)
    for part in parts:
        if part.flag_bits & _ENCRYPTED_FLAG:
            raise Unsupported("workbook_encrypted")
        if part.file_size > RATIO_MATTERS_BYTES and part.file_size > MOST_RATIO * max(part.compress_size, 1):
            raise TooLarge("workbook_unpacks_too_large", limit_mb=MOST_UNPACKED_BYTES // 1024**2)


def _is_text(content: bytes) -> bool:
    """Whether somebody has renamed a CSV file: text in an encoding that spreadsheets write here."""
    sample = content[:4096]
    if not sample.strip():
        return False
    for encoding in ("utf-8-sig", "utf-16", "gb18030"):
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError as error:
            # the sample may end within a character
            if error.start < len(sample) - 4 or encoding == "utf-16":
                continue
            text = sample[: error.start].decode(encoding)
        if all(character.isprintable() or character in "\r\n\t\ufeff" for character in text):
            return True
    return False
