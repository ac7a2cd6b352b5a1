"""The timetable problem outside: files, and the command line.

Glossary

- **Fault**: one thing wrong with a file, with its place in it; a file is refused with all its faults at once.
"""
