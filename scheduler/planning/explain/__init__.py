"""Why a need is not covered, and the smallest single changes that would cover it.

Glossary

- **Funnel**: how many teachers are left after each question: subject, scope, grade, edition, a common time.
- **Way**: a teacher, or a course one could join, that was left at the end of the funnel, and what blocks each start.
- **Relaxation**: one row of the instance changed a little. **Remedy**: a relaxation that was applied and solved: with
  it the timetable, otherwise as it is, has more lessons. Nothing else is shown as a remedy.
"""
