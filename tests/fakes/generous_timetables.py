"""Random timetable problems in which much can be covered, so that much is in the way of much."""

from random import Random

from tests.fakes.random_timetables import random_instance
from tests.fakes.timetables import Json

BELL = [[480, 520], [530, 570], [580, 620]]


def generous_instance(rng: Random) -> Json:
    """As `random_instance`, but all teachers can teach all, in one county, in most periods of two days."""
    data = random_instance(rng)
    slots = [[day, period] for day in (0, 1) for period in range(len(BELL))]
    for row in (*data["teachers"], *data["needs"]):
        row.update(subject="music", edition="*")
        row["free" if "free" in row else "allowed"] = slots
    for row in data["teachers"]:
        row.update(grades=[3, 4], max_week=4, flex_min=rng.choice([0, 10]))
    for row in data["schools"]:
        row.update(county=0, tolerance_min=10, bell=BELL, up_mbps=12, down_mbps=12)
    for row in data["needs"]:
        row["preferred"] = slots[:2]
    for row in data["classes"]:
        row["screen_min_day"] = 80
    return data
