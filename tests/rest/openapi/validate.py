"""Writes the OpenAPI documents of the .proto files beside this script and runs an OpenAPI 3.1 validator over them.

validate.py WRITE_OPENAPI WORK_DIR IMPORT_DIR...

The validator (PyPI: openapi-spec-validator) is installed into WORK_DIR/venv. Exits with 77, which ctest shows as
skipped, where that cannot be done.
"""

import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
VALIDATOR = "openapi-spec-validator==0.9.0"
SKIPPED = 77


def installed_python(work):
    python = work / "venv" / "bin" / "python"
    ready = subprocess.run([python, "-c", "import openapi_spec_validator"], capture_output=True) if python.exists() else None
    if ready is not None and ready.returncode == 0:
        return python
    for command in ([sys.executable, "-m", "venv", work / "venv"], [python, "-m", "pip", "install", "-q", VALIDATOR]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"skipped: {VALIDATOR} cannot be installed: {(done.stderr or done.stdout).strip()[-500:]}")
            sys.exit(SKIPPED)
    return python


def expected_operations(proto):
    """How many operations the file's own comment announces: "// Operations: 3."."""
    return int(re.search(r"^// Operations: (\d+)\.$", proto.read_text(), re.MULTILINE).group(1))


def main():
    write_openapi, work, *imports = sys.argv[1:]
    work = pathlib.Path(work)
    work.mkdir(parents=True, exist_ok=True)
    python = installed_python(work)
    protos = sorted(HERE.glob("*.proto"))
    assert len(protos) >= 40, f"{len(protos)} .proto files"
    documents = work / "documents"
    command = [write_openapi, documents, HERE, *imports, "--", *(proto.name for proto in protos)]
    written = subprocess.run(command, capture_output=True, text=True)
    assert written.returncode == 0, written.stderr
    print(written.stdout, end="")
    for proto in protos:
        document = json.loads((documents / f"{proto.name}.json").read_text())
        operations = sum(len(item) for item in document["paths"].values())
        assert operations == expected_operations(proto), f"{proto.name}: {operations} operations"
    check = subprocess.run([python, HERE / "validate_documents.py", documents], capture_output=True, text=True)
    print(check.stdout + check.stderr, end="")
    sys.exit(check.returncode)


if __name__ == "__main__":
    main()
