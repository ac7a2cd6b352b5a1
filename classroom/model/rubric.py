"""The sheet by which experts judge a lesson (评课表): criteria and their weights, as data of the operator."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from classroom.errors import BadInput, BadSettings

HIGHEST = 100.0


@dataclass(frozen=True, slots=True)
class Criterion:
    """`names` by language; `weight` is its share, of the sum of all."""

    key: str
    names: Mapping[str, str]
    weight: float


@dataclass(frozen=True, slots=True)
class Rubric:
    """Criteria in the order in which experts go through them."""

    criteria: tuple[Criterion, ...]

    @classmethod
    def read(cls, text: str, where: str) -> "Rubric":
        """From TOML: a table per criterion with `weight` and its name in each language.

        Raises `BadSettings("rubric_wrong")` naming what is wrong.
        """
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadSettings("rubric_wrong", path=where, problem=str(error)) from None
        criteria = []
        for key, table in tables.items():
            names = (
                {name: value for name, value in table.items() if name != "weight"} if isinstance(table, dict) else {}
            )
            weight = table.get("weight") if isinstance(table, dict) else None
            if "zh-CN" not in names or not all(isinstance(name, str) for name in names.values()):
                raise BadSettings("rubric_wrong", path=where, problem=f"[{key}] zh-CN")
            if not isinstance(weight, int | float) or weight <= 0:
                raise BadSettings("rubric_wrong", path=where, problem=f"[{key}] weight")
            criteria.append(Criterion(key, names, float(weight)))
        if not criteria:
            raise BadSettings("rubric_wrong", path=where, problem="no criteria")
        return cls(tuple(criteria))

    def score(self, scores: Mapping[str, float]) -> float:
        """The weighted mean of scores from 0 to 100, one for every criterion.

        Raises `BadInput("scores_wrong")` naming the criterion that is missing, unknown or out of range.
        """
        keys = {criterion.key for criterion in self.criteria}
        for key in sorted(keys ^ scores.keys()):
            raise BadInput("scores_wrong", criterion=key[:64], highest=HIGHEST)
        for key, value in scores.items():
            if not 0 <= value <= HIGHEST:
                raise BadInput("scores_wrong", criterion=key, highest=HIGHEST)
        weight = sum(criterion.weight for criterion in self.criteria)
        return sum(criterion.weight * scores[criterion.key] for criterion in self.criteria) / weight
