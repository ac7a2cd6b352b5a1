"""Builds what is not Python whenever the package is built or installed, also in editable mode.

The pages are left to `web_ui.build`, the media server's native egress loop to `media_server.transport.build`.
`QIANSHOU_SKIP_PAGES=1` leaves the pages alone (the server then says on every page that they are not built).
"""

import os
import sys
from pathlib import Path
from sysconfig import get_platform
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SKIP_VARIABLE = "QIANSHOU_SKIP_PAGES"


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Named in `[tool.hatch.build.hooks.custom]`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it collects files; `version` is "standard" or "editable"."""
        del version
        sys.path.insert(0, self.root)  # the package is not installed yet
        from media_server.transport.build import LIBRARY, build_egress
        from web_ui.build import build_pages

        build_data["artifacts"].append("web_ui/static/**")
        if os.environ.get(SKIP_VARIABLE) != "1":
            build_pages(Path(self.root) / "web_ui")
        if build_egress():
            build_data["artifacts"].append(LIBRARY.relative_to(self.root).as_posix())
            platform = get_platform().replace("-", "_").replace(".", "_")
            build_data.update(pure_python=False, tag=f"py3-none-{platform}")
