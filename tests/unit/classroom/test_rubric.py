"""The sheet by which experts judge."""

from pathlib import Path

import pytest

from classroom.errors import BadInput, BadSettings
from classroom.model.rubric import Rubric
from media_server.archive.library.service import read_rubric

TWO = '[goals]\nzh-CN = "目标"\nen = "Aims"\nweight = 1\n[effect]\nzh-CN = "效果"\nweight = 3\n'


def test_the_score_is_the_weighted_mean() -> None:
    assert Rubric.read(TWO, "test").score({"goals": 60, "effect": 100}) == 90


@pytest.mark.parametrize("scores", [{}, {"goals": 1}, {"goals": 1, "effect": 2, "x": 3}, {"goals": 101, "effect": 0}])
def test_every_criterion_is_scored_and_nothing_else(scores: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="scores_wrong"):
        Rubric.read(TWO, "test").score(scores)


@pytest.mark.parametrize(
    "text", ["", "[a]", '[a]\nzh-CN = "x"\nweight = 0', "a = 1", "[", "[a]\nzh-CN = 1\nweight = 1"]
)
def test_a_wrong_rubric_is_refused(text: str) -> None:
    with pytest.raises(BadSettings, match="rubric_wrong"):
        Rubric.read(text, "test")


def test_ours_adds_up_to_a_hundred_and_the_operators_own_comes_first(tmp_path: Path) -> None:
    rubric = read_rubric(tmp_path)
    assert sum(criterion.weight for criterion in rubric.criteria) == 100
    assert all(criterion.names.keys() == {"zh-CN", "en"} for criterion in rubric.criteria)
    (tmp_path / "rubric.toml").write_text(TWO, "utf-8")
    assert len(read_rubric(tmp_path).criteria) == 2
