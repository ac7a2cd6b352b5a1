"""A believable county to try everything with: `qianshou demo`.

- **county**: who and what there is (regions, schools, rooms, people), as plain data.
- **timetable**: the lessons of a day around a moment, as plain data.
- **seed**: puts both into the store, once.
- **command**: `qianshou demo`: seeds, serves, starts the demo room and opens its lesson.

Places and people are invented; 学校标识码 have the form of real ones.
"""
