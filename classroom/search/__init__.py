"""Finding recordings: Chinese full text, pinyin, and facets, alike on SQLite and PostgreSQL.

- **Word**: what the index holds. Chinese has no spaces, so a run of characters becomes its overlapping pairs
  (古诗两首 → 古诗, 诗两, 两首) and its last character; one character alone begins a pair. Other scripts: whole
  words.
- **Sound**: the pinyin of a run as somebody types it: initials (gsls) and syllables (gushiliangshou), from each
  character on.
- **Mark**: a word nobody can type, by which recordings of one tag, teacher or knowledge point are found.
- **Facet**: what hits are counted and narrowed by. A document's facets are one short text of fixed width, so that the
  database returns those of thousands of hits as one value, and numpy counts them (`packed`).

`words` and `query` are pure; `index` is what both databases must do, and the only place that knows which one it is.
"""
