"""List the locked packages that the project runs with: licences for a page, and an SBOM.

    python tools/dependencies.py                  write the table of docs/dependencies.md
    python tools/dependencies.py --check          exit with 1 if the page shows another table
    python tools/dependencies.py --sbom FILE      write a software bill of materials (CycloneDX)

Versions and hashes are those of requirements/runtime.txt; licences are what the installed packages
say of themselves; one that is not installed keeps what the page says. Packages that are for other
platforms than Linux and macOS are left out. The SBOM has no time and no random number in it, so the
same lock gives the same bytes.
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "dependencies.md"
BLOCK = re.compile(r"(<!-- licences -->\n\n)(.*)", re.DOTALL)  # the end of the page
HEADER = "| package | version | licence | needed to | copyleft |\n|---|---|---|---|---|"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Copyleft licences, and how far each reaches. One that is in none of these patterns is permissive.
COPYLEFT = {r"\bA?GPL\b": "strong", r"\bLGPL\b": "library", r"\b(?:MPL|EPL|CDDL)\b": "by file"}
# Licences as SPDX writes them, for what packages write in their own words.
SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# What the text of a licence says where the package does not: "BSD" alone is that of three clauses.
TEXT = {"numba": "BSD-2-Clause", "python-dateutil": "Apache-2.0 AND BSD-3-Clause"}


# Where the project runs, in the terms of the lock's conditions.
PLATFORMS = [
    {"sys_platform": system, "platform_machine": machine, "python_full_version": f"{python}.0"}
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
    for python in ("3.11", "3.14")
]


class Package(NamedTuple):
    """A locked package."""

    name: str
    version: str
    hashes: tuple[str, ...]


def locked() -> dict[str, Package]:
    """Return the packages of the lock by name."""
    text = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    pattern = r"^([a-z0-9-]+)==(\S+)(?: ; (.*?))? \\\n((?:    --hash=\S+(?: \\)?\n?)+)"
    found = re.findall(pattern, text, re.MULTILINE)
    return {
        name: Package(name, version, tuple(re.findall(r"sha256:(\w+)", hashes)))
        for name, version, marker, hashes in found
        if not marker or any(map(Marker(marker).evaluate, PLATFORMS))
    }


def requirements(package: Package) -> list[str]:
    """Return the names of what an installed package needs on any platform, without its extras."""
    try:
        found = metadata.requires(package.name) or []
    except metadata.PackageNotFoundError:
        return []
    wanted = (Requirement(line) for line in found)
    return sorted({canonicalize_name(r.name) for r in wanted if "extra" not in str(r.marker)})


def closure(names: Iterable[str], packages: dict[str, Package]) -> set[str]:
    """Return packages and all that they need."""
    found: set[str] = set()
    waiting = [canonicalize_name(Requirement(line).name) for line in names]
    while waiting:
        name = waiting.pop()
        if name in packages and name not in found:
            found.add(name)
            waiting += requirements(packages[name])
    return found


def only_to_build(packages: dict[str, Package]) -> set[str]:
    """Return the packages that a build alone needs."""
    build = closure(PROJECT["optional-dependencies"]["build"], packages)
    return build - closure(PROJECT["dependencies"], packages)


def licence_of(package: Package) -> str | None:
    """Return the licence of an installed package as SPDX writes it; None if it is not installed."""
    try:
        said = metadata.metadata(package.name)
    except metadata.PackageNotFoundError:
        return None
    if said["Version"] != package.version:
        return None
    classes = [c for c in said.get_all("Classifier") or () if c.startswith("License ::")]
    own = (said["License"] or "").strip()
    # Some put the whole text there.
    short = own if own and "\n" not in own and len(own) < 60 and own not in ("BSD", "PSFL") else ""
    named = classes[0].rpartition(" :: ")[2] if classes else ""
    licence = TEXT.get(package.name) or said["License-Expression"] or short or named or "unknown"
    return SPDX.get(licence, licence)


def copyleft(licence: str) -> str:
    """Return how far the copyleft of a licence reaches; nothing if it is permissive."""
    return ", ".join(reach for pattern, reach in COPYLEFT.items() if re.search(pattern, licence))


def rows(page: str) -> dict[str, tuple[str, str]]:
    """Return the version and the licence of each package on the page."""
    found = re.findall(r"^\| ([\w-]+) \| (\S+) \| ([^|]+) \|", page, re.MULTILINE)
    return {name: (version, licence) for name, version, licence in found}


def table(page: str) -> str:
    """Return the table of licences as it should be."""
    packages, before = locked(), rows(BLOCK.search(page)[2])
    build = only_to_build(packages)
    lines = [HEADER]
    for name, package in packages.items():
        licence = licence_of(package) or before.get(name, ("", "unknown"))[1]
        need = "build" if name in build else "run"
        reach = f" {copyleft(licence)} |" if copyleft(licence) else " |"
        lines.append(f"| {name} | {package.version} | {licence} | {need} |{reach}")
    return "\n".join(lines)


def refusals(text: str) -> Iterator[str]:
    """Yield what is wrong with licences: unknown ones, and those that reach to this project."""
    for name, (_, licence) in rows(text).items():
        if licence == "unknown" or copyleft(licence) == "strong":
            yield f"{name}: the licence is {licence}; expected a permissive or a weak one"


def sbom(page: str) -> str:
    """Return the packages that the project runs with as CycloneDX in JSON."""
    packages, licences = locked(), rows(BLOCK.search(page)[2])
    for name in only_to_build(packages):
        del packages[name]
    sys.path.insert(0, str(ROOT))
    import pipeline

    this = f"pkg:pypi/{PROJECT['name']}@{pipeline.__version__}"
    refs = {name: f"pkg:pypi/{name}@{package.version}" for name, package in packages.items()}
    needs = {this: sorted(names_of(PROJECT["dependencies"]) & refs.keys())}
    needs |= {refs[name]: requirements(package) for name, package in packages.items()}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": this,
                "name": PROJECT["name"],
                "version": pipeline.__version__,
                "licenses": [{"expression": PROJECT["license"]}],
                "purl": this,
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": refs[name],
                "name": name,
                "version": package.version,
                "scope": "required",
                "licenses": [{"expression": licences[name][1]}],
                "purl": refs[name],
                # The files that the lock accepts.
                "externalReferences": [
                    {
                        "type": "distribution",
                        "url": refs[name],
                        "hashes": [{"alg": "SHA-256", "content": h} for h in package.hashes],
                    }
                ],
            }
            for name, package in packages.items()
        ],
        "dependencies": [
            {"ref": ref, "dependsOn": [refs[name] for name in names if name in refs]}
            for ref, names in needs.items()
        ],
    }
    return json.dumps(document, indent=1) + "\n"


def names_of(lines: Iterable[str]) -> set[str]:
    """Return the names of requirements."""
    return {canonicalize_name(Requirement(line).name) for line in lines}


def main() -> int:
    """Write or check; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--sbom", type=Path)
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    if arguments.sbom:
        arguments.sbom.write_text(sbom(page), encoding="utf-8")
        return 0
    licences = table(page)
    wrong = list(refusals(licences))
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    new = BLOCK.sub(lambda found: f"{found[1]}{licences}\n", page)
    if arguments.check:
        return int(new != page or bool(wrong))
    PAGE.write_text(new, encoding="utf-8")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
