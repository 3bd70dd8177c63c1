"""What the checks share: which files, with which flags, and what passed before."""
import functools
import hashlib
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
CXX = (".cpp", ".hpp")


def git(*args):
    run = subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True)
    return run.stdout.splitlines() if run.returncode == 0 else []


def cxx_files():
    """Every C++ file of ours, tracked or new, that is not ignored."""
    listed = git("ls-files", "-co", "--exclude-standard", "src", "tests", "cmake")
    return sorted(ROOT / name for name in listed if name.endswith(CXX) and (ROOT / name).is_file())


def changed_files():
    """What differs from the branch point, committed or not. Where there is none, as in a clean clone:
    from the commit named in tools/tidied, at which every file was clean. Where that is unknown,
    everything."""
    base = (git("merge-base", "origin/main", "HEAD") or [""])[0]
    if not base or base == (git("rev-parse", "HEAD") or [""])[0]:
        base = (ROOT / "tools/tidied").read_text().split()[0]
        if not git("merge-base", base, "HEAD"):
            return cxx_files()
    names = set(git("diff", "--name-only", base)) | set(git("ls-files", "-o", "--exclude-standard"))
    return sorted(ROOT / name for name in names if (ROOT / name).is_file())


def package_flags(name):
    run = subprocess.run(["pkg-config", "--cflags", name], capture_output=True, text=True)
    return run.stdout.split()


@functools.cache
def compile_flags():
    """The flags of our units without the precompiled header."""
    return (
        "-std=c++23", "-Isrc", "-Itests", "-Wall", "-Wextra", "-Wshadow", "-Werror",
        "-Wno-missing-field-initializers", "-Wno-missing-designated-field-initializers",
        "-Wno-deprecated-declarations",
        "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_SEPARATE_COMPILATION",
        "-DBOOST_BEAST_SEPARATE_COMPILATION", "-DFMT_SHARED", "-D_GLIBCXX_ASSERTIONS",
        '-DGATEHOUSE_VERSION="0.0.0"', f'-DGATEHOUSE_TESTS_DIR="{ROOT}/tests"',
        *package_flags("libsecret-1"),
    )


@functools.cache
def closure(path):
    """The file and every file of ours that it includes, directly or not."""
    found, todo = set(), [path]
    while todo:
        current = todo.pop()
        if current in found:
            continue
        found.add(current)
        for name in INCLUDE.findall(current.read_text()):
            for folder in ("src", "tests"):
                if (ROOT / folder / name).is_file():
                    todo.append(ROOT / folder / name)
    return found


@functools.cache
def content(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.cache
def fingerprint(path, *settings):
    parts = [str(path.relative_to(ROOT)), *compile_flags(), *settings]
    parts += [content(p) for p in sorted(closure(path))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Passed:
    """Fingerprints that passed a check, kept in build/check/<name>."""

    def __init__(self, name):
        self.path = ROOT / "build" / "check" / name
        self.known = set(self.path.read_text().split()) if self.path.exists() else set()
        self.used = set()

    def __contains__(self, key):
        if key in self.known:
            self.used.add(key)
        return key in self.known

    def add(self, key):
        self.known.add(key)
        self.used.add(key)

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("\n".join(sorted(self.known)) + "\n")
