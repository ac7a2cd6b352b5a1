"""What the demo prints: where to look and who to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from unicodedata import east_asian_width

from classroom.cli.main import say
from classroom.demo.county import DEMO_TEACHER, PEOPLE
from classroom.demo.passwords import demo_password
from classroom.messages.views import LessonView
from classroom.model.principal import Role
from classroom.settings import Settings

_ROLES: Final = {
    Role.TEACHER: ("教师", "teacher"),
    Role.STUDENT: ("学生", "student"),
    Role.COORDINATOR: ("教研协调员", "coordinator"),
    Role.ARCHIVIST: ("档案员", "archivist"),
    Role.SUPERVISOR: ("督导员", "supervisor"),
    Role.ADMIN: ("系统管理员", "administrator"),
}


def _wide(text: str, columns: int) -> str:
    """`text` padded to terminal columns, of which a Chinese character takes two."""
    taken = sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
    return text + " " * max(0, columns - taken)


@dataclass(frozen=True, slots=True)
class Welcome:
    """`lesson` is the one that was opened."""

    settings: Settings
    port: int
    secret: bytes
    lesson: LessonView

    def text(self, ready_s: float) -> str:
        return "\n".join(self._lines(ready_s))

    def _lines(self, ready_s: float) -> Iterator[str]:
        here = f"http://127.0.0.1:{self.port}"
        yield ""
        yield say(f"  牵手课堂演示已就绪（{ready_s:.1f} 秒）", f"  The Qianshou demo is ready ({ready_s:.1f} s)")
        yield say(
            f"  正在上课：{self.lesson.school_name} {self.lesson.teacher_name}《{self.lesson.title}》",
            f"  Running: {self.lesson.title}, {self.lesson.teacher_name}, {self.lesson.school_name}",
        )
        if not self.lesson.sources:
            yield say("  教室的画面还没有到，请稍候。", "  The room's picture is still on its way.")
        yield ""
        for path, chinese, english in (
            (f"/join/{self.lesson.code}", "学生听课", "watch the lesson"),
            ("/panel", "教室控制面板", "the room's panel"),
            ("/console", "县级控制台", "the county's console"),
            ("/", "登录", "sign in"),
        ):
            yield f"  {_wide(say(chinese, english), 18)} {here}{path}"
        for address in self._elsewhere():
            yield f"  {_wide(say('局域网中的其他电脑', 'from other PCs'), 18)} http://{address}:{self.port}/"
        yield ""
        yield "  " + _wide(say("角色", "role"), 18) + _wide(say("用户名", "user name"), 18) + say("密码", "password")
        seen: set[Role] = set()
        for person in PEOPLE:
            if person.role not in seen or person.username == DEMO_TEACHER:
                seen.add(person.role)
                password = demo_password(self.secret, person.username)
                yield f"  {_wide(say(*_ROLES[person.role]), 18)}{_wide(person.username, 18)}{password}"
        yield ""
        yield say("  按 Ctrl-C 结束。", "  Press Ctrl-C to stop.")

    def _elsewhere(self) -> list[str]:
        if ip_address(self.settings.host).is_loopback:
            return []
        # the pages are served where `host` says, which by default is IPv4 only
        version = ip_address(self.settings.host).version
        found = (ip_address(address) for address in self.settings.media_addresses)
        return [
            f"[{address}]" if address.version == 6 else str(address)
            for address in found
            if not address.is_loopback and address.version == version
        ]
