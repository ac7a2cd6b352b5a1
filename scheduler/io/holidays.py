"""Public holidays and swapped workdays (调休), as the State Council has announced them.

`chinese_calendar` knows the years that have been announced; for later ones only what the law fixes by date is known.
"""

from datetime import date, timedelta

import chinese_calendar
from chinese_calendar.constants import Holiday, holidays, workdays

from classroom.model.term import DayKind, TermDay

# 全国年节及纪念日放假办法 (2024): these are on the same days every year; the others follow the moon or the sun
_FIXED = {
    (1, 1): "元旦",
    (5, 1): "劳动节",
    (5, 2): "劳动节",
    (10, 1): "国庆节",
    (10, 2): "国庆节",
    (10, 3): "国庆节",
}
_CHINESE = {holiday.value: holiday.chinese for holiday in Holiday}
_SATURDAY = 5


def announced_until() -> date:
    """The last day of the last year whose holidays are known."""
    return date(max(holidays).year, 12, 31)


def special_days(first_day: date, last_day: date) -> list[TermDay]:
    """Days between the two, both included, that are not like their weekday: weekdays off, and weekends at work.

    Which weekday's lessons a swapped workday has nobody announces: `follows` is None.
    """
    days = []
    known_from, known_until = min(holidays), announced_until()
    day = first_day
    while day <= last_day:
        name = _FIXED.get((day.month, day.day))
        if known_from <= day <= known_until:
            off, word = chinese_calendar.get_holiday_detail(day)
            name = _CHINESE.get(word or "", word) if off else None
            if day in workdays and day.weekday() >= _SATURDAY:
                days.append(TermDay(day, DayKind.SWAPPED, None, f"{_CHINESE.get(word or '', '')}调休上班"))
        if name is not None and day.weekday() < _SATURDAY:
            days.append(TermDay(day, DayKind.HOLIDAY, None, name))
        day += timedelta(days=1)
    return days
