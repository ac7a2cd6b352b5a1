"""A county's registry as a workbook (XLSX) that people fill in.

Glossary

- **Sheet**, **column**: what `layout` says there is; the first row of a sheet names its columns.
- **Cell fault**: one thing wrong in one cell, with its sheet, its address, and what to write instead.
- **Container**: the ZIP file around the sheets; what is wrong with it concerns the whole file.

`container`, `merges` and `reader` take a stranger's file apart, `cells` understands single values, `layout` is the
table of sheets and columns, `assemble` ties rows together into a `Registry`, `writer` makes the template, `work` is all
of it. A server does that in a child process with bounded memory (`process`, `child`): a file can be made to cost a lot.
"""
