"""The stub by itself: every Python reads it, and it knows a shared object that has lost its end."""

from __future__ import annotations

import ast
import importlib.util
import struct
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.places import ROOT

STUB = ROOT / "stub" / "collectd_inode.py"


@pytest.fixture(scope="module")
def stub() -> Iterator[types.ModuleType]:
    """The stub as collectd imports it, somewhere without an environment."""
    collectd = types.ModuleType("collectd")
    collectd.__dict__.update(error=lambda line: None, register_config=lambda callback, name: None)
    spec = importlib.util.spec_from_file_location("collectd_inode", STUB)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "collectd", collectd)
        patch.setitem(sys.modules, "collectd_inode", module)
        spec.loader.exec_module(module)
    yield module


def test_every_python_can_read_it() -> None:
    """No annotations, no f-strings, nothing that came after Python 2.7 and 3.0."""
    tree = ast.parse(STUB.read_text(encoding="ascii"), feature_version=(3, 0))
    newer = (ast.AnnAssign, ast.JoinedStr, ast.AsyncFunctionDef, ast.Await, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom)
    found: list[ast.AST] = [node for node in ast.walk(tree) if isinstance(node, newer)]
    found += [node for node in ast.walk(tree) if isinstance(node, ast.arg) and node.annotation]
    found += [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and (node.returns or node.args.kwonlyargs)
    ]
    assert found == []


def shared_object(bits: int, order: str, *segments: tuple[int, int, int]) -> bytes:
    """The head of one (elf(5)): segments of a type, from an offset on, with so many bytes in the file."""
    wide = bits == 64
    ident = b"\x7fELF" + bytes([2 if wide else 1, 1 if order == "<" else 2]) + bytes(10)
    size = 56 if wide else 32
    header = struct.pack(
        order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"),
        *(3, 62, 1, 0, 64, 0, 0, 64, size, len(segments), 0, 0, 0),
    )
    header = (ident + header).ljust(64, b"\0")
    table = b""
    for kind, offset, length in segments:
        values = (
            (kind, 5, offset, 0, 0, length, length, 4096) if wide else (kind, offset, 0, 0, length, length, 5, 4096)
        )
        table += struct.pack(order + ("IIQQQQQQ" if wide else "IIIIIIII"), *values)
    return header + table


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_shared_object_that_has_lost_its_end(stub: types.ModuleType, tmp_path: Path, bits: int, order: str) -> None:
    """Only what is loaded counts, to the byte; what the loader itself complains of is left to it."""
    loaded, notes = 1, 4
    head = shared_object(bits, order, (loaded, 0, 200), (loaded, 4096, 1000), (notes, 9000, 1000))
    path = tmp_path / "it.so"
    cuts = {5096: False, 5095: True, 4096: True, len(head): True, len(head) - 1: True, 64: True, 63: False, 0: False}
    for size, lost in cuts.items():
        path.write_bytes(head.ljust(5096, b"\0")[:size])
        assert stub.truncated(str(path)) is lost, size


def test_the_shared_objects_of_this_environment_are_complete(stub: types.ModuleType) -> None:
    packages = [path for path in sys.path if path.endswith("site-packages")]
    found = list(stub.compiled(packages))
    assert any("lxml/etree" in path for path in found)
    assert [path for path in found if stub.truncated(path)] == []


def refusal(stub: types.ModuleType, root: Path) -> str:
    """Why the environment in *root* cannot be loaded."""
    with pytest.raises(stub.NotLoadedError) as caught:
        stub.load(str(root))
    return str(caught.value)


def test_a_package_is_mended_by_a_package(
    stub: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is sent to a pip that a Debian package does not have, whatever is missing."""
    monkeypatch.setattr(stub, "MEND", "install the package")
    root, version = tmp_path / "environment", stub.VERSION
    assert refusal(stub, root) == f"the environment {root} is missing; install the package"
    (root / "lib" / "python3.9").mkdir(parents=True)
    holds = f"collectd embeds Python {version} and the environment {root} is for Python 3.9"
    assert refusal(stub, root) == f"{holds}; install the package"
    packages = root / "lib" / f"python{version}" / "site-packages"
    packages.mkdir(parents=True)
    assert refusal(stub, root) == f"collectd_inode is not installed in {packages}; install the package"
    package = packages / "collectd_inode"
    package.mkdir()
    (package / "__init__.py").touch()
    compiled = package / "it.so"
    compiled.write_bytes(shared_object(64, "<", (1, 4096, 1000)))
    assert refusal(stub, root) == f"{compiled} is incomplete; install the package"
