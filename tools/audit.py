"""Look for known vulnerabilities in every locked package, by pip-audit.

Prints a line for each, and the number of packages that were looked up. The exit code is 1 if there
are vulnerabilities, and 2 if a package could not be looked up: without a network, none can.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Audit; return the exit code."""
    command = [sys.executable, "-m", "pip_audit", "--format=json", "--progress-spinner=off"]
    # The locks are complete: nothing has to be resolved or installed.
    command += ["--disable-pip", "--require-hashes"]
    for lock in sorted(ROOT.glob("requirements/*.txt")):
        command += ["--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        packages = []
        print((done.stderr.strip().splitlines() or ["no answer"])[-1], file=sys.stderr)
    known = [package for package in packages if "vulns" in package]
    found = [(package, each) for package in known for each in package["vulns"]]
    for package, each in found:
        mended = ", ".join(each["fix_versions"]) or "no version"
        print(f"{package['name']} {package['version']}: {each['id']}, mended in {mended}")
    left = len(packages) - len(known)
    print(f"{len(known):,} packages looked up, {len(found):,} vulnerabilities")
    if not known:
        print("audit: no package could be looked up; is there a network?")
    elif left:
        print(f"audit: {left:,} packages could not be looked up")
    return 1 if found else 2 * (left > 0 or not known)


if __name__ == "__main__":
    sys.exit(main())
