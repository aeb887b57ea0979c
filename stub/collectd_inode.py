"""The stub that collectd imports: it loads the real collectd_inode, or logs how to fix what is missing and returns.

collectd does not start, with all its other metrics, if an ``Import`` fails.  A ModulePath that names the site-packages
folder of one Python version fails after an upgrade of Python.  The path of this file has no version in it, and
importing it never fails: it looks for the environment's packages of the Python that collectd embeds, puts them in front
of ``sys.path``, and hands its name over to the real package.

Every Python that a collectd may embed must be able to read this file, 2.7 too: no f-strings, no annotations, and only
the standard library.
"""

import json
import os
import struct
import sys

import collectd

NAME = "collectd_inode"
ENVIRONMENT = ""  # written by `collectd-inode snippet --stub DIR`; empty: this file is in share/collectd-inode of it
MEND = ""  # written by debian/rules: how a package is made whole, in place of pip's commands
FOLDERS = ("lib/python%s/site-packages", "lib64/python%s/site-packages", "lib/python%s/dist-packages")
VERSION = "%d.%d" % sys.version_info[:2]
LEAST = (3, 11)


class NotLoadedError(Exception):
    """What is missing, and how to fix it."""


def environment():
    """The folder of the environment."""
    here = os.path.dirname(os.path.abspath(__file__))
    return ENVIRONMENT or os.path.dirname(os.path.dirname(here))


def load(root):
    """Import the package from the environment in *root*; raises NotLoadedError, or whatever the package raises."""
    if sys.version_info < LEAST:
        raise NotLoadedError("collectd embeds Python %s; it must be 3.11 or newer" % VERSION)
    folders = packages(root)
    init = installed(root, folders)
    for path in compiled(folders):
        if truncated(path):
            raise NotLoadedError("%s is incomplete; %s" % (path, again(root)))
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    execute(init)
    if NAME + ".plugin" not in sys.modules:
        raise NotLoadedError("%s is incomplete; %s" % (init, again(root)))


def packages(root):
    """The folders that the environment has for this Python's packages."""
    folders = [os.path.join(root, folder % VERSION) for folder in FOLDERS]
    found = [folder for folder in folders if os.path.isdir(folder)]
    if found:
        return found
    venv = "/usr/bin/python%s -m venv %s" % (VERSION, root)
    make = MEND or "make it with %s, then install %s with %s" % (venv, NAME, pip(root))
    if not os.path.isdir(root):
        raise NotLoadedError("the environment %s is missing; %s" % (root, make))
    names = [name[len("python3.") :] for name in listed(os.path.join(root, "lib")) if name.startswith("python3.")]
    others = ["3." + minor for minor in sorted(filter(str.isdigit, names), key=int)]
    holds = "is for Python %s" % ", ".join(others) if others else "is empty"
    raise NotLoadedError("collectd embeds Python %s and the environment %s %s; %s" % (VERSION, root, holds, make))


def installed(root, folders):
    """The package's first file: in one of the folders, or in the checkout of an editable installation."""
    editable = [checkout for folder in folders for checkout in checkouts(folder)]
    for home in folders + editable:
        path = os.path.join(home, NAME, "__init__.py")
        if os.path.isfile(path):
            return path
    mend = MEND or "install it with %s" % pip(root)
    raise NotLoadedError("%s is not installed in %s; %s" % (NAME, folders[0], mend))


def checkouts(folder):
    """The checkouts that editable installations in this folder refer to (PEP 610)."""
    from urllib.parse import unquote

    for name in sorted(listed(folder)):
        if name.startswith(NAME + "-") and name.endswith(".dist-info"):
            try:
                with open(os.path.join(folder, name, "direct_url.json"), "rb") as file:
                    url = json.loads(file.read().decode("utf-8"))["url"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if url.startswith("file://"):
                yield unquote(url[len("file://") :])


def compiled(folders):
    """The extension modules in these folders."""
    for top in folders:
        for folder, _, names in os.walk(top):
            for name in names:
                if name.endswith(".so"):
                    yield os.path.join(folder, name)


def truncated(path):
    """Whether a shared object ends before its segments do: loading it would end collectd with a SIGBUS (elf(5))."""
    with open(path, "rb") as file:
        start = file.read(64)
        if len(start) < 64 or start[:4] != b"\x7fELF":
            return False  # the loader says so itself
        order = "<" if start[5:6] == b"\x01" else ">"
        # Where the table of segments is, its entries' size and number; in each: type, offset and size in the file.
        header, segment = ("32xQ14xHH", "I4xQ16xQ") if start[4:5] == b"\x02" else ("28xI10xHH", "II8xI")
        table, size, number = struct.unpack_from(order + header, start)
        file.seek(table)
        entries = file.read(size * number)
    if len(entries) < size * number:
        return True
    segments = [struct.unpack_from(order + segment, entries, size * index) for index in range(number)]
    end = max([offset + length for kind, offset, length in segments if kind == 1] or [0])  # PT_LOAD
    return os.path.getsize(path) < end


def execute(init):
    """Run the package's first file as the module of that name; until now that module is this file."""
    import importlib.util

    spec = importlib.util.spec_from_file_location(NAME, init, submodule_search_locations=[os.path.dirname(init)])
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)


def listed(folder):
    """The names in a folder; none if it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def pip(root):
    """The command that installs into the environment, and what to do then."""
    return "%s/bin/pip and restart collectd" % root


def again(root):
    """How to fix an installation that is not complete."""
    return MEND or "install %s again with %s/bin/pip install --force-reinstall and restart collectd" % (NAME, root)


def run():
    """Load the package; if that fails, log it and let collectd start without it."""
    path, modules, stub = list(sys.path), set(sys.modules), sys.modules[NAME]
    root = environment()
    try:
        load(root)
        return
    except NotLoadedError as error:
        reason = str(error)
    except BaseException as error:  # a SystemExit keeps collectd from starting, too
        reason = "%s: %s; %s" % (type(error).__name__, error, again(root))
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith(NAME + "."):
            del sys.modules[name]
    sys.modules[NAME] = stub
    # In one line, short enough for collectd, and without letters that the daemon's locale may not have.
    line = " ".join(reason.split())[:900].encode("ascii", "backslashreplace").decode("ascii")
    collectd.error("%s: not loaded: %s" % (NAME, line))
    # Without a callback collectd warns about each <Module collectd_inode>.
    collectd.register_config(lambda node: None, name=NAME)


run()
