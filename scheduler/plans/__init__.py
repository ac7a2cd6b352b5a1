"""Timetables of a term over HTTP: proposals people work on, and what is published of them.

Glossary

- **Desk**: a term with everything a timetable is computed from, as it is now, and views of it.
- **Proposal**, **version**, **publication**: see `classroom.model.plan`.
"""
