"""Getting recordings out of the archive, and libraries of MP4 files into it.

- **Bag**: a directory as RFC 8493 (BagIt) lays it out; its manifests are checked by `sha256sum -c`, on any computer.
- **Payload**: what is in the bag: films, captions, metadata.
- **Journal**: which recordings are in the bag already, so that an export goes on where it was interrupted.
- **Package**: a bag sent as one ZIP file, which is never made: its bytes are computed from the bag's files.
- **Job**: an export or import that is worked on in the background and survives a restart (`classroom.access.jobs`).
"""
