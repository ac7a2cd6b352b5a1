"""`/api/v1/archive/textbooks` and `…/coverage`: knowledge points, and which of them have a lesson."""

import asyncio

from classroom.access.knowledge import (
    KNOWLEDGE_COLUMNS,
    KNOWLEDGE_REQUIRED,
    Tree,
    access_book_coverage,
    access_coverage,
    access_knowledge_import,
    access_textbooks,
    access_tree,
)
from classroom.access.retention import access_archive
from classroom.errors import BadInput
from classroom.http.call import Call
from classroom.http.routes import Routes
from classroom.messages.archive_views import (
    BookCoverageView,
    BookMatrixView,
    KnowledgeCoverageView,
    NodeView,
    PointCoverageView,
    ReportView,
    TextbooksView,
    TextbookView,
    TreeView,
)
from classroom.service import Context
from classroom.sheets import read_sheet
from media_server.archive.library.views import report_view, view

MOST_SHEET_BYTES = 8 * 1024 * 1024
SHEET_TYPE = "application/octet-stream"
TEXTBOOKS = "/api/v1/archive/textbooks"


class KnowledgeApi:
    """Handlers; who may do what is decided by `classroom.access`."""

    def __init__(self, context: Context) -> None:
        self._store = context.store
        self._clock = context.clock

    def add_routes(self, routes: Routes) -> None:
        routes.json("GET", TEXTBOOKS, self._list, summary="Textbooks", returns=TextbooksView)
        routes.json("GET", TEXTBOOKS + "/{id}", self._show, summary="A textbook's knowledge points", returns=TreeView)
        routes.raw(
            "POST", TEXTBOOKS + "/import/{mode}", self._import,
            summary="Import knowledge points from CSV or XLSX; mode `check` changes nothing, `apply` does it",
        )  # fmt: skip
        routes.json(
            "GET", "/api/v1/archive/coverage", self._coverage, summary="How much of each textbook has lessons",
            returns=KnowledgeCoverageView,
        )  # fmt: skip
        routes.json(
            "GET", "/api/v1/archive/coverage/{id}", self._matrix, summary="What there is on each knowledge point",
            returns=BookMatrixView,
        )  # fmt: skip

    async def _list(self, call: Call) -> TextbooksView:
        found = await access_textbooks(self._store, call.principal)
        return TextbooksView(textbooks=[view(TextbookView, textbook) for textbook in found])

    async def _show(self, call: Call) -> TreeView:
        tree = await access_tree(self._store, call.principal, call.path["id"])
        return TreeView(textbook=view(TextbookView, tree.textbook), nodes=_nodes(tree))

    async def _import(self, call: Call) -> ReportView:
        mode = call.path["mode"]
        if mode not in {"check", "apply"}:
            raise BadInput("field_invalid", field="mode", reason="check, apply")
        await access_archive(self._store, call.principal)
        data = await call.read(MOST_SHEET_BYTES)
        rows = await asyncio.to_thread(read_sheet, data, KNOWLEDGE_COLUMNS, KNOWLEDGE_REQUIRED)
        dry_run = mode == "check"
        report = await access_knowledge_import(self._store, call.principal, rows, self._clock.now(), dry_run=dry_run)
        return report_view(report, call.language, dry_run=dry_run)

    async def _coverage(self, call: Call) -> KnowledgeCoverageView:
        found = await access_coverage(self._store, call.principal)
        return KnowledgeCoverageView(
            books=[
                BookCoverageView(textbook=view(TextbookView, book.textbook), points=book.points, covered=book.covered)
                for book in found
            ]
        )

    async def _matrix(self, call: Call) -> BookMatrixView:
        tree, points = await access_book_coverage(self._store, call.principal, call.path["id"])
        return BookMatrixView(
            textbook=view(TextbookView, tree.textbook),
            nodes=_nodes(tree),
            points=[
                PointCoverageView(
                    id=point.node.id, published=dict(point.published), under_way=point.under_way, gap=point.gap
                )
                for point in points
            ],
        )


def _nodes(tree: Tree) -> list[NodeView]:
    return [view(NodeView, node) for node in tree.nodes]
