"""The library: what is known of recordings, and what people do with them. Bytes are the archive's own affair.

- **Entry**: what the catalogue says of a recording; made from its lesson, corrected by people.
- **Submission**: one round of review; what is returned and submitted again is judged anew.
- **Circulation**: who may watch, take away and embed what is published, and share links beside that.
- **Tombstone**: what is left of a retired recording: that it was, and why it went.
- **Job**: work that takes minutes; it survives a restart and says how far it is.
"""
