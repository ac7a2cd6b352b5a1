"""The timetable problem, pure: no input or output, no clock; randomness and time limits come from outside.

Give every class at every teaching point the lessons it lacks, by live lessons from strong schools, at minutes when both
ends can meet. Files are read and written by `scheduler.io`.

Glossary

- **Instance**: one problem, as in `instance.json`. **Solution**: one answer, as in `solution.json`.
- **Need** 缺课需求: a class at a point lacks `lessons_per_week` lessons of a subject.
- **Course** 专递课程: one teacher gives subject × grade × edition to one or more needs, at most one lesson a day.
- **Start**: (day, minute after midnight) at which a lesson begins; a multiple of `grid_min`. Day 0 is Monday.
- **Slot**: (day, period), a period being an index into a school's own bell.
- **Bell** 作息时间: the periods of a school's day, as (start, end) minutes.
- **Flex**, **tolerance**: minutes by which a lesson may start off the teacher's own bell, off the point's own bell.
- **Changeover**: minutes after a lesson in which teacher, class and room are not yet free again.
- **Line**: a school's up and down link, in Mbps. **Node**: a county's media node, in participants (1 + points each).
- **Outage**: a teacher, room, line or school is not there at some time. **Pin**: a course that must be as it is.
- **Cover**: a course that stands in for lessons lost to an outage; its needs keep what is left of their own course.
- **Hard rules** H1 … H9: `check` names each broken one. **Objectives** S1 … S6: `score` counts their cost.

The hard rules, exactly

- H1 Needs of a course have its subject, grade and edition; its teacher teaches subject and grade, has that edition (or
  either is `*`), and the needs' points lie in the county of the teacher's school (scope `prefecture`: its prefecture).
- H2 A course has 1 … `max_points` different needs, and at most one lesson a day. A need is in at most one course that
  is no cover; all its courses together give it at most `lessons_per_week` lessons, at most one a day.
- H3 A lesson starts within `flex_min` of a free own period of the teacher. Neither [start, start + lesson + changeover)
  touches an own period that is not free, nor does [its start, its end + changeover) touch the lesson.
- H4 A lesson starts within the point's `tolerance_min` of an allowed period of every attending need.
- H5 [start, start + lesson + changeover) overlaps no other lesson of the teacher or of the class; at any minute at most
  `rooms` of them are in a school (one for a hosted lesson, one for each need that receives); `max_day` and `max_week`.
- H6 At any minute of [start, start + lesson) a school's line carries at most `up_mbps` and `down_mbps`: `host_up` and
  k × `host_down_per_point` for a lesson hosted for k needs, `point_up` and `point_down` for each need that receives.
- H7 At any minute of [start, start + lesson) at most `sfu_participants` on the node of the teacher's county.
- H8 A class has at most `screen_min_day` minutes of lessons a day.
- H9 Every pin is in the solution, unchanged but for what a later outage takes of it. No lesson,
  [start, start + lesson), touches an outage of its teacher, its schools or their lines; a room that is out is occupied.
"""
