"""One suite for both databases: what search finds, counts and hides."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from classroom.access.archive import access_recording_to_see
from classroom.access.cataloguing import access_entry_edit
from classroom.access.library import Found, Order, Wanted, access_search
from classroom.errors import Forbidden, NotSignedIn
from classroom.messages.archive import EntryEdit
from classroom.model.catalogue import Audience, Consent
from classroom.model.recording import RecordingState
from classroom.store.store import Store
from tests.fakes.county import NOW, County, build_county
from tests.fakes.library import a_recording, change

TITLES = {
    "poems": "古诗两首",
    "fractions": "分数乘法（第2课时）",
    "autumn": "秋天的雨",
    "english": "Unit 3 My Friends",
    "chongqing": "重庆的长江大桥",
    "review": "古诗 复习",
}


@dataclass(frozen=True)
class Library:
    county: County
    ids: Mapping[str, str]

    async def find(self, text: str = "", who: str = "admin", **wanted: object) -> Found:
        return await access_search(self.county.store, self.county[who], Wanted(text=text, **wanted))  # type: ignore[arg-type]

    def names(self, found: Found) -> list[str]:
        known = {recording_id: name for name, recording_id in self.ids.items()}
        return [known[hit.recording_id] for hit in found.hits]


async def build_library(store: Store) -> Library:
    c = await build_county(store)
    ids = {}
    for day, (name, title) in enumerate(TITLES.items()):
        ids[name] = await a_recording(
            store,
            c.host if day % 2 == 0 else c.uninvolved,
            lesson=c.lesson if name == "poems" else None,
            title=title,
            state=RecordingState.PUBLISHED,
            began_at=NOW + timedelta(days=day),
            audience=Audience.COUNTY,
            consent=Consent.GIVEN,
        )
    await change(
        store, ids["fractions"], subject="数学", grade=6, teacher_name="林晓梅", description="约分与通分的应用"
    )
    await change(store, ids["autumn"], subject="语文", grade=3, teacher_name="单晓梅")
    return Library(c, ids)


QUERIES: Mapping[str, Collection[str]] = {
    "古诗": {"poems", "review"},
    "古诗两首": {"poems"},
    "两首古诗": set(),
    "古诗 复习": {"review"},
    "雨": {"autumn"},  # the last character of a run
    "诗": {"poems", "review"},
    "晓梅": {"fractions", "autumn"},
    "林晓梅 分数": {"fractions"},
    "gsls": {"poems"},
    "sl": {"poems"},  # from the middle on
    "lxm": {"fractions"},
    "linxiaomei": {"fractions"},
    "cqdcj": {"chongqing"},  # 重 is chóng here, 长 is cháng
    "friend": {"english"},
    "UNIT 3": {"english"},
    "ｕｎｉｔ　３": {"english"},  # full width
    "数学": {"fractions"},
    "六年级": set(),
    "约分": {"fractions"},  # in the description
    "河西": {"poems"},  # a school that took part
    "，。！": set(TITLES),  # nothing to look for: everything
    "'": set(TITLES),
    '" OR NEAR( * : & | !': set(),
    "分数乘法 第2课时": {"fractions"},
    "不存在的课": set(),
}


async def test_what_is_found(store: Store) -> None:
    library = await build_library(store)
    for query, expected in QUERIES.items():
        found = await library.find(query)
        assert set(library.names(found)) == set(expected), query
        assert found.total == len(expected), query


async def test_hits_in_the_title_stand_first_and_new_ones_before_old_ones(store: Store) -> None:
    library = await build_library(store)
    await change(store, library.ids["english"], description="改编自《古诗》")
    assert library.names(await library.find("古诗")) == ["review", "poems", "english"]
    assert library.names(await library.find("古诗", order=Order.NEWEST)) == ["review", "english", "poems"]
    assert library.names(await library.find("古诗", order=Order.OLDEST)) == ["poems", "english", "review"]
    assert library.names(await library.find(order=Order.OLDEST, offset=1, limit=2)) == ["fractions", "autumn"]


async def test_facets_count_what_there_would_be(store: Store) -> None:
    library = await build_library(store)
    c = library.county
    found = await library.find()
    assert found.facets["subject"] == {"语文": 2, "数学": 1, "": 3}
    assert found.facets["school"] == {c.host.id: 3, c.uninvolved.id: 3}
    assert found.schools == {c.host.id: "一小", c.uninvolved.id: "二小"}
    # its own choice does not narrow a facet, the others' does
    found = await library.find(facets={"subject": ["数学", "语文"], "school": [c.host.id]})
    assert found.total == 2
    assert found.facets["subject"] == {"语文": 2, "": 1}
    assert found.facets["school"] == {c.host.id: 2, c.uninvolved.id: 1}
    assert found.facets["year"] == {"2026": 2}
    assert (await library.find(since=(NOW + timedelta(days=4)).date())).total == 2
    assert (await library.find(facets={"subject": ["没有"]})).total == 0


async def test_a_changed_entry_is_found_as_it_is_now(store: Store) -> None:
    library = await build_library(store)
    edit = EntryEdit(title="平行四边形", tags=["市级优质课", "几何"], subject="数学")
    await access_entry_edit(store, library.county["admin"], library.ids["poems"], edit, NOW)
    assert library.names(await library.find("gsls")) == []
    assert library.names(await library.find("平行")) == ["poems"]
    assert library.names(await library.find("优质课")) == ["poems"]
    assert library.names(await library.find(tag="市级优质课")) == ["poems"]
    assert (await library.find(tag="市级")).total == 0
    assert (await library.find(teacher=library.county["teacher"].id)).total == 1
    assert (await library.find(partner=library.county.point.id)).total == 1


async def test_everybody_finds_exactly_what_they_may_see(store: Store) -> None:
    library = await build_library(store)
    c, ids = library.county, library.ids
    await change(store, ids["poems"], audience=Audience.SCHOOL)
    await change(store, ids["fractions"], audience=Audience.PUBLIC)
    await change(store, ids["autumn"], state=RecordingState.SUBMITTED)
    await change(store, ids["english"], consent=Consent.WITHDRAWN)
    await change(store, ids["chongqing"], audience=Audience.CITY)
    for who in c.people:
        visible = set()
        for name, recording_id in ids.items():
            try:
                await access_recording_to_see(store, c[who], recording_id, NOW)
            except (Forbidden, NotSignedIn):
                continue
            visible.add(name)
        found = await library.find(who=who)
        assert set(library.names(found)) == visible, who
        assert sum(found.facets["state"].values()) == len(visible)


async def test_the_trash_is_shown_alone(store: Store) -> None:
    library = await build_library(store)
    await change(store, library.ids["poems"], trashed_at=NOW)
    assert "poems" not in library.names(await library.find())
    assert library.names(await library.find(facets={"state": ["trashed"]})) == ["poems"]
    assert (await library.find(who="pupil", facets={"state": ["trashed"]})).total == 0


@pytest.mark.parametrize("text", ["x" * 5000, "古" * 5000, "a " * 3000, "\x00", "\ue000", "-" * 300])
async def test_no_query_is_too_odd(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    opened = await Store.open(f"sqlite:///{tmp_path_factory.mktemp('odd') / 'qianshou.db'}")
    try:
        found = await access_search(opened, (await build_county(opened))["admin"], Wanted(text=text))
        assert found.total == 0
    finally:
        await opened.close()
