"""aiortc's private names: one adapter may know them, and it notices when aiortc changes one.

What we take of aiortc is SCTP, which asks a DTLS transport for names of aiortc's own. Whoever updates aiortc reads
here what to look at again.
"""

import ast
import inspect
from pathlib import Path

import pytest
from aiortc import rtcsctptransport
from aiortc.rtcsctptransport import RTCSctpTransport

ROOT = Path(__file__).parent.parent.parent
PRODUCT = ("classroom", "media_server", "room_agent", "scheduler", "web_ui")

# What RTCSctpTransport uses of the transport beneath it; the adapter provides exactly this.
ASKED_OF_TRANSPORT = {"_register_data_receiver", "_role", "_send_data", "_unregister_data_receiver", "state"}
# What may be called of RTCSctpTransport itself, with the signature it has in the pinned version.
PRIVATE_METHODS = {"_handle_data": "(self, data: bytes) -> None"}
# What may be read of it: the receive window, to notice a peer that makes much be kept.
PRIVATE_ATTRIBUTES = {"_advertised_rwnd"}


def modules() -> list[Path]:
    return [path for package in PRODUCT for path in sorted((ROOT / package).rglob("*.py"))]


def imports_aiortc(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "aiortc" for alias in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aiortc":
            return True
    return False


def private_names(tree: ast.AST) -> set[str]:
    """Names with one leading underscore that are read of something else than `self`, `cls` or `super()`."""
    own = {"self", "cls", "super()"}
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and ast.unparse(node.value) not in own
    }


def adapters() -> list[Path]:
    return [path for path in modules() if imports_aiortc(ast.parse(path.read_bytes()))]


def test_one_adapter_at_most_knows_aiortc() -> None:
    names = [str(path.relative_to(ROOT)) for path in adapters()]
    assert len(names) <= 1, names


def test_the_adapter_uses_no_private_name_that_is_not_pinned_here() -> None:
    for path in adapters():
        assert private_names(ast.parse(path.read_bytes())) <= {
            *PRIVATE_METHODS,
            *PRIVATE_ATTRIBUTES,
            *ASKED_OF_TRANSPORT,
        }


def asked_of_transport(source: str) -> set[str]:
    """The attributes read of `transport`, `self.transport` and `self.__transport`."""
    transports = {"transport", "self.transport", "self.__transport"}
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in transports
    }


def test_aiortc_asks_of_its_transport_what_the_adapter_provides() -> None:
    assert asked_of_transport(inspect.getsource(rtcsctptransport)) == ASKED_OF_TRANSPORT


@pytest.mark.parametrize(("name", "signature"), PRIVATE_METHODS.items())
def test_aiortcs_private_methods_are_as_they_were(name: str, signature: str) -> None:
    assert str(inspect.signature(getattr(RTCSctpTransport, name))) == signature
    assert inspect.iscoroutinefunction(getattr(RTCSctpTransport, name))


def test_a_changed_name_would_be_noticed() -> None:
    changed = inspect.getsource(rtcsctptransport).replace("._send_data(", "._send_sctp(")
    assert "_send_data" not in asked_of_transport(changed)
    assert private_names(ast.parse("transport._secret(self._mine, cls._ours, super()._theirs)")) == {"_secret"}


@pytest.mark.parametrize("name", sorted(PRIVATE_ATTRIBUTES))
def test_aiortcs_private_attributes_are_there(name: str) -> None:
    assert f"self.{name}" in inspect.getsource(RTCSctpTransport)
