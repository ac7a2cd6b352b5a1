"""OAI-PMH 2.0 (https://www.openarchives.org/OAI/openarchivesprotocol.html): other platforms harvest what is public.

- **Request**: a verb and its arguments, checked against the protocol's table.
- **Record**: header (identifier, datestamp, sets) and metadata in a format; a tombstone has only a header.
- **Format**: `oai_dc` or `lom`. Which element is filled from what is data: `dublin_core.toml`, `lom.toml`.
- **Resumption token**: the place in a list, with what was asked for; it holds no state on the server and never expires.
"""
