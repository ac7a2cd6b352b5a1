"""`/api/v1/planning`: the registry of a region, and its forms."""

from classroom.access.places import access_new_room, access_new_school, access_room_edit, access_room_retire
from classroom.access.registry import access_planning_regions, access_registry
from classroom.access.registry_edit import (
    access_class_edit,
    access_class_remove,
    access_curriculum_edit,
    access_editions_edit,
    access_new_class,
    access_new_teacher,
    access_school_edit,
    access_teacher_edit,
    access_teacher_withdraw,
)
from classroom.errors import NotFound
from classroom.http.call import Call
from classroom.http.routes import QueryParameter, Routes
from classroom.messages.planning import (
    ClassEdit,
    CurriculumEdit,
    EditionsEdit,
    IdView,
    NewClass,
    NewRoom,
    NewSchool,
    NewTeacher,
    PlanningRegionsView,
    RegistryView,
    RoomEdit,
    SchoolEdit,
    TeacherEdit,
)
from classroom.service import Context
from scheduler.io.national_plan import national_plan
from scheduler.registry.views import region_view, registry_view

PLANNING = "/api/v1/planning"
REGION = QueryParameter("region", "Id of the region whose planning this is", required=True)


class RegistryApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock

    def add_routes(self, routes: Routes) -> None:
        add, at = routes.json, PLANNING
        add("GET", f"{at}/regions", self._regions, summary="Regions one may see", returns=PlanningRegionsView)
        add(
            "GET",
            f"{at}/registry",
            self._registry,
            summary="All a region knows of its schools",
            query=(REGION,),
            returns=RegistryView,
        )
        new, put = "Add to the registry: ", "Change in the registry: "
        for path, body, handler in (
            ("schools", NewSchool, self._new_school),
            ("rooms", NewRoom, self._new_room),
            ("teachers", NewTeacher, self._new_teacher),
            ("classes", NewClass, self._new_class),
        ):
            add("POST", f"{at}/{path}", handler, summary=new + path, body=body, returns=IdView, status=201)
        add("PUT", f"{at}/schools/{{id}}", self._school, summary=put + "a school", body=SchoolEdit)
        add("PUT", f"{at}/rooms/{{id}}", self._room, summary=put + "a room", body=RoomEdit)
        add("DELETE", f"{at}/rooms/{{id}}", self._retire_room, summary="Nothing is planned in a room any more")
        add("PUT", f"{at}/teachers/{{id}}", self._teacher, summary=put + "a teacher's offer", body=TeacherEdit)
        add("DELETE", f"{at}/teachers/{{id}}", self._withdraw, summary="A teacher offers nothing any more")
        add("PUT", f"{at}/classes/{{id}}", self._class, summary=put + "a class", body=ClassEdit)
        add("DELETE", f"{at}/classes/{{id}}", self._remove_class, summary="Remove a class and its needs")
        add("PUT", f"{at}/editions", self._editions, summary=put + "textbooks", body=EditionsEdit, query=(REGION,))
        add(
            "PUT",
            f"{at}/curriculum",
            self._curriculum,
            summary=put + "where the curriculum differs from the national plan",
            body=CurriculumEdit,
            query=(REGION,),
        )

    async def _regions(self, call: Call) -> PlanningRegionsView:
        found = await access_planning_regions(self._store, call.principal)
        return PlanningRegionsView(regions=[region_view(region, may_change) for region, may_change in found])

    async def _registry(self, call: Call) -> RegistryView:
        region_id = call.query["region"]
        registry = await access_registry(self._store, call.principal, region_id)
        for region, may_change in await access_planning_regions(self._store, call.principal):
            if region.id == region_id:
                return registry_view(region_view(region, may_change), registry, national_plan())
        raise NotFound("region_unknown", region=region_id[:64])

    async def _new_school(self, call: Call) -> IdView:
        new = call.parsed(NewSchool)
        school = await access_new_school(self._store, call.principal, **new.model_dump(), now=self._clock.now())
        return IdView(id=school.id)

    async def _new_room(self, call: Call) -> IdView:
        new = call.parsed(NewRoom)
        room = await access_new_room(self._store, call.principal, **new.model_dump(), now=self._clock.now())
        return IdView(id=room.id)

    async def _new_teacher(self, call: Call) -> IdView:
        new = call.parsed(NewTeacher)
        return IdView(id=(await access_new_teacher(self._store, call.principal, new, self._clock.now())).id)

    async def _new_class(self, call: Call) -> IdView:
        new = call.parsed(NewClass)
        group = await access_new_class(self._store, call.principal, new.school_id, new.group, self._clock.now())
        return IdView(id=group.id)

    async def _school(self, call: Call) -> None:
        edit = call.parsed(SchoolEdit)
        await access_school_edit(self._store, call.principal, call.path["id"], edit, self._clock.now())

    async def _room(self, call: Call) -> None:
        edit, now = call.parsed(RoomEdit), self._clock.now()
        await access_room_edit(self._store, call.principal, call.path["id"], name=edit.name, kind=edit.kind, now=now)

    async def _retire_room(self, call: Call) -> None:
        await access_room_retire(self._store, call.principal, call.path["id"], self._clock.now())

    async def _teacher(self, call: Call) -> None:
        offer = call.parsed(TeacherEdit)
        await access_teacher_edit(self._store, call.principal, call.path["id"], offer, self._clock.now())

    async def _withdraw(self, call: Call) -> None:
        await access_teacher_withdraw(self._store, call.principal, call.path["id"], self._clock.now())

    async def _class(self, call: Call) -> None:
        edit = call.parsed(ClassEdit)
        await access_class_edit(self._store, call.principal, call.path["id"], edit, self._clock.now())

    async def _remove_class(self, call: Call) -> None:
        await access_class_remove(self._store, call.principal, call.path["id"], self._clock.now())

    async def _editions(self, call: Call) -> None:
        lines = call.parsed(EditionsEdit).editions
        await access_editions_edit(self._store, call.principal, call.query["region"], lines, self._clock.now())

    async def _curriculum(self, call: Call) -> None:
        lines = [
            line.model_copy(
                update={"subject": known.name if (known := national_plan().find(line.subject)) else line.subject}
            )
            for line in call.parsed(CurriculumEdit).lines
        ]
        await access_curriculum_edit(self._store, call.principal, call.query["region"], lines, self._clock.now())
