"""Synthetic counties for the timetable problem, drawn from a seed: the same on every machine.

S: 6 strong schools, 20 points, some 60 lessons lacking; M: 20, 80, 400; P: a prefecture of 10 counties, 5,000 lessons;
V: a province of 10 such prefectures. The order of the draws is part of what makes a county what it is.
"""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from scheduler.io.files import instance_of
from scheduler.planning.instance import Instance

Json = dict[str, Any]

LESSON_MIN = 40
DAYS = 5
# what is lacking: how often
MIX = {"english": 0.22, "science": 0.20, "music": 0.25, "art": 0.22, "it": 0.11}
SMALL_MIX = {subject: MIX[subject] for subject in ("english", "music", "art")}
GRADES = {"english": range(3, 7), "science": range(1, 7), "music": range(1, 7), "art": range(1, 7), "it": range(3, 7)}
EDITIONS = {"english": ["PEP", "WY", "YL"], "science": ["JK", "SJ"]}
PRIORITY = {"english": 3, "science": 2, "music": 2, "art": 2, "it": 1}
# prefectures, counties in each; strong schools, points and lessons lacking in each county
PRESETS = {
    "S": (1, 1, 6, 20, 60),
    "M": (1, 1, 20, 80, 400),
    "P": (1, 10, 20, 100, 500),
    "V": (10, 10, 20, 100, 500),
}


def county(name: str) -> Instance:
    """`S1`, `M2`, `V1`: the size and the seed."""
    return instance_of(json.dumps(_Draw(name[0], int(name[1:])).instance()).encode(), name)


def lessons_a_week(subject: str, grade: int) -> int:
    if subject == "science":
        return 1 if grade <= 2 else 2
    return {"english": 3, "it": 1}.get(subject, 2)


@dataclass
class _Draw:
    preset: str
    seed: int
    counties: list[Json] = field(default_factory=list)
    schools: list[Json] = field(default_factory=list)
    teachers: list[Json] = field(default_factory=list)
    needs: list[Json] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = Random(f"{self.preset}-{self.seed}")
        self.mix = SMALL_MIX if self.preset == "S" else MIX

    def instance(self) -> Json:
        prefectures, counties, *_ = PRESETS[self.preset]
        for prefecture in range(prefectures):
            usual = {subject: self.rng.choice(editions) for subject, editions in EDITIONS.items()}
            for _ in range(counties):
                self._county(prefecture, usual)
        mbps = {"host_up": 6.0, "host_down_per_point": 1.5, "point_down": 6.0, "point_up": 1.5}
        meta = {"days": DAYS, "grid_min": 5, "lesson_min": LESSON_MIN, "max_points": 3, "changeover_min": 5}
        return {
            "meta": {**meta, "mbps": mbps, "preset": self.preset, "seed": self.seed, "tight": 1.0},
            "counties": self.counties,
            "schools": self.schools,
            "teachers": self.teachers,
            "needs": self.needs,
            "classes": self._classes(),
        }

    def _county(self, prefecture: int, usual: dict[str, str]) -> None:
        _, _, strong, points, lacking = PRESETS[self.preset]
        rng, number = self.rng, len(self.counties)
        base = rng.choice([470, 480, 490, 500, 510, 520])
        noon = rng.choice([830, 840, 850, 860, 870])
        editions = {
            subject: (edition if rng.random() < 0.8 else rng.choice(EDITIONS[subject]))
            for subject, edition in usual.items()
        }
        self.counties.append({"id": number, "prefecture": prefecture, "sfu_participants": max(10, int(points * 0.4))})
        hosts = [self._strong(number, base, noon) for _ in range(strong)]
        weak = [self._point(number, base, noon) for _ in range(points)]
        teachers = [self._teacher(school, editions) for school in hosts for _ in range(rng.choice([2, 3, 3, 4]))]
        self._needs(weak, teachers, editions, lacking)

    def _bell(self, first: int, morning: int, afternoon: int, noon: int) -> list[list[int]]:
        """Periods of 40 minutes, breaks of 10, a long one after the second."""
        long = self.rng.choice([25, 30])
        bell, at = [], first
        for i in range(morning):
            bell.append([at, at + LESSON_MIN])
            at += LESSON_MIN + (long if i == 1 else 10)
        at = max(noon, at + 60)
        for _ in range(afternoon):
            bell.append([at, at + LESSON_MIN])
            at += LESSON_MIN + 10
        return bell

    def _strong(self, number: int, base: int, noon: int) -> Json:
        rng = self.rng
        off = rng.choice([-15, -10, -5, 0, 0, 0, 5, 10, 15])
        bell = self._bell(base + off, 4, 3, noon + rng.choice([-10, -5, 0, 0, 5, 10]))
        limits = {"rooms": [1, 1, 2, 2, 3], "up_mbps": [10, 20, 20, 50], "down_mbps": [20, 50, 50, 100]}
        return self._school("strong", number, bell, limits)

    def _point(self, number: int, base: int, noon: int) -> Json:
        rng = self.rng
        off = rng.choice([-20, -10, -5, 0, 0, 5, 10, 20, 30])
        morning, afternoon = rng.choice([3, 4, 4, 4]), rng.choice([2, 2, 3])
        bell = self._bell(base + off, morning, afternoon, noon + rng.choice([-20, -10, -5, 0, 0, 5, 10, 20]))
        limits = {"rooms": [1, 1, 1, 2], "up_mbps": [4, 4, 10, 20], "down_mbps": [8, 10, 20, 50]}
        return self._school("point", number, bell, {**limits, "tolerance_min": [0] * 2 + [5] * 4 + [10] * 4})

    def _school(self, kind: str, number: int, bell: list[list[int]], limits: dict[str, list[int]]) -> Json:
        school = {"id": len(self.schools), "kind": kind, "county": number, "bell": bell, "tolerance_min": 0}
        school |= {name: self.rng.choice(values) for name, values in limits.items()}
        self.schools.append(school)
        return school

    def _subject(self) -> str:
        left = self.rng.random() * sum(self.mix.values())
        for subject, share in self.mix.items():
            left -= share
            if left <= 0:
                return subject
        return list(self.mix)[-1]

    def _teacher(self, school: Json, editions: dict[str, str]) -> Json:
        rng, subject = self.rng, self._subject()
        grades = list(GRADES[subject])
        count = min(len(grades), rng.choice([3, 4, 6] if subject in {"music", "art", "it"} else [2, 2, 3, 4]))
        first = rng.randrange(0, max(1, len(grades) - count + 1))
        free = [
            [day, period]
            for day in range(DAYS)
            for period in range(len(school["bell"]))
            if rng.random() < 0.42 and not (day == 2 and period >= 5) and not (day == 0 and period == 0)
        ]
        teacher = {
            "id": len(self.teachers),
            "school": school["id"],
            "subject": subject,
            "grades": grades[first : first + count],
            "edition": editions.get(subject, "*"),
            "free": free,
            "flex_min": rng.choice([0, 0, 0, 5, 10]),
            "max_week": rng.choice([2, 3, 4, 4, 5, 6]),
            "max_day": 2,
            "scope": rng.choice(["county"] * 8 + ["prefecture"] * 2),
        }
        self.teachers.append(teacher)
        return teacher

    def _needs(self, points: list[Json], teachers: list[Json], editions: dict[str, str], lacking: int) -> None:
        rng = self.rng
        seen: set[tuple[int, int, str]] = set()
        lessons = tries = 0
        while lessons < lacking and tries < 50 * lacking:
            tries += 1
            point, subject = rng.choice(points), self._subject()
            grade = rng.choice([3, 4, 5] if self.preset == "S" else list(GRADES[subject])[:5])
            key = (point["id"], grade, subject)
            if key in seen or sum(1 for other in seen if other[0] == point["id"]) >= 6:
                continue
            seen.add(key)
            lessons += self._need(point, subject, grade, teachers, editions)

    def _need(self, point: Json, subject: str, grade: int, teachers: list[Json], editions: dict[str, str]) -> int:
        rng, bell = self.rng, point["bell"]
        edition = "*"
        if subject in editions:
            edition = editions[subject] if rng.random() < 0.96 else rng.choice(EDITIONS[subject])
        morning = sum(1 for start, _ in bell if start < 720)
        rate = rng.choice([0.5, 0.6, 0.7, 0.8, 0.9])
        allowed = [
            [day, period]
            for day in range(DAYS)
            for period in range(len(bell))
            if not (day == 0 and period == 0) and rng.random() < rate * (1.0 if period >= 2 else 0.6)
        ]
        preferred = [slot for slot in allowed if (slot[1] < morning if subject == "english" else slot[1] >= 2)]
        able = [
            teacher["id"]
            for teacher in teachers
            if teacher["subject"] == subject and grade in teacher["grades"] and teacher["edition"] in {"*", edition}
        ]
        self.needs.append(
            {
                "id": len(self.needs),
                "point": point["id"],
                "class": f"{point['id']}/g{grade}",
                "subject": subject,
                "grade": grade,
                "edition": edition,
                "lessons_per_week": lessons_a_week(subject, grade),
                "allowed": allowed,
                "preferred": preferred,
                "priority": PRIORITY[subject],
                "previous_teacher": rng.choice(able) if able and rng.random() < 0.5 else None,
            }
        )
        return lessons_a_week(subject, grade)

    def _classes(self) -> list[Json]:
        """Children's screens: 40 minutes a day in grades 1 and 2 and on short days, else 80."""
        minutes = {school["id"]: sum(end - start for start, end in school["bell"]) for school in self.schools}
        classes = []
        for name in sorted({need["class"] for need in self.needs}):
            point, grade = name.split("/g")
            long = int(grade) > 2 and minutes[int(point)] >= 240
            classes.append({"id": name, "screen_min_day": 80 if long else 40})
        return classes
