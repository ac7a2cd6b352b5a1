"""What the archive says of a recording: what it is about, whose it is, who may have it.

The words of LOM (IEEE 1484.12.1, GB/T 21365) are mapped to these in a data file of the archive, not here.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from classroom.model.lesson import LessonMode


class LessonType(StrEnum):
    """课型: what kind of lesson was taught. `LessonMode` says in which of the three classrooms it was held."""

    NEW = "new"  # 新授课
    PRACTICE = "practice"  # 练习课
    REVIEW = "review"  # 复习课
    FEEDBACK = "feedback"  # 讲评课
    EXPERIMENT = "experiment"  # 实验课
    ACTIVITY = "activity"  # 综合实践
    MICRO = "micro"  # 微课
    RESEARCH = "research"  # 教研活动


class CollectionLevel(StrEnum):
    """市级优质精品, 县区本地特色, 学校校本原创: the collection a recording belongs to. It is promoted step by step."""

    SCHOOL = "school"
    COUNTY = "county"
    CITY = "city"


class Audience(StrEnum):
    """Who may watch once it is published; each includes the ones before."""

    SCHOOL = "school"  # the school that gave the lesson and those that took part in it
    COUNTY = "county"
    CITY = "city"
    PUBLIC = "public"  # anybody, without signing in


class Downloads(StrEnum):
    """Who of the audience may also take the file away."""

    NOBODY = "nobody"
    TEACHERS = "teachers"
    AUDIENCE = "audience"


class Licence(StrEnum):
    """What whoever has it may do with it. The Creative Commons ones are version 4.0."""

    RESERVED = "reserved"  # all rights with the authors
    TEACHING = "teaching"  # for teaching in schools, free of charge
    CC_BY = "cc-by"
    CC_BY_SA = "cc-by-sa"
    CC_BY_NC = "cc-by-nc"
    CC_BY_NC_SA = "cc-by-nc-sa"
    CC_BY_NC_ND = "cc-by-nc-nd"


class Consent(StrEnum):
    """Of the guardians of the children who can be recognised (《个人信息保护法》 第三十一条)."""

    UNKNOWN = "unknown"  # nobody has asked yet: stays within the school
    SCHOOL = "school"  # within the school only
    GIVEN = "given"
    NOT_NEEDED = "not_needed"  # no child can be recognised
    WITHDRAWN = "withdrawn"


# With any other answer a recording is not shown beyond the school.
CONSENT_BEYOND_SCHOOL = frozenset({Consent.GIVEN, Consent.NOT_NEEDED})

_AUDIENCES = list(Audience)


def widest(audience: Audience, consent: Consent) -> Audience:
    """The audience somebody wanted, as far as the children's guardians agree."""
    return audience if consent in CONSENT_BEYOND_SCHOOL else Audience.SCHOOL


def wider(one: Audience, other: Audience) -> bool:
    """Whether `one` includes more people than `other`."""
    return _AUDIENCES.index(one) > _AUDIENCES.index(other)


@dataclass(frozen=True, slots=True)
class Entry:
    """The catalogue entry of one recording. `knowledge` are ids of knowledge points, `partners` names of schools."""

    recording_id: str
    subject: str
    grade: int | None
    textbook_id: str | None
    knowledge: tuple[str, ...]
    teacher_id: str | None
    teacher_name: str
    partners: tuple[str, ...]
    mode: LessonMode | None
    lesson_type: LessonType
    description: str
    language: str
    tags: tuple[str, ...]
    authors: tuple[str, ...]
    rights_holder: str
    licence: Licence
    level: CollectionLevel
    audience: Audience
    downloads: Downloads
    embed: bool
    consent: Consent
    consent_note: str
    hold_reason: str | None
    views: int
    downloaded: int
    published_at: datetime | None
    retired_at: datetime | None
    retired_reason: str | None
    changed_at: datetime


class KnowledgeKind(StrEnum):
    """The levels of a textbook's tree."""

    UNIT = "unit"  # 单元
    SECTION = "section"  # 课、节
    POINT = "point"  # 知识点


@dataclass(frozen=True, slots=True)
class Textbook:
    """One volume of one edition: 人教版 三年级上册 数学. `volume` is 上册, 下册, 全一册 or as printed."""

    id: str
    subject: str
    grade: int
    edition: str
    volume: str

    @property
    def name(self) -> str:
        return f"{self.edition} {self.subject} {self.grade} {self.volume}"


@dataclass(frozen=True, slots=True)
class KnowledgeNode:
    """A unit, a section or a knowledge point. `code` is unique within its textbook."""

    id: str
    textbook_id: str
    parent_id: str | None
    kind: KnowledgeKind
    code: str
    name: str
    position: int
