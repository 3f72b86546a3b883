#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: a virtual environment with NumPy.
set -euo pipefail
root=${AUTOGRADER:-/autograder}

newest() {
	for python in python3.14 python3.13 python3.12 python3.11 python3; do
		if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
			echo "$python"
			return
		fi
	done
	return 1
}

if ! python=$(newest); then
	apt-get update
	apt-get install -y python3.12 python3.12-venv || apt-get install -y python3.11 python3.11-venv
	python=$(newest)
fi
"$python" -m venv "$root/venv"
"$root/venv/bin/python" -m pip install --require-hashes -r "$root/source/requirements.txt"
