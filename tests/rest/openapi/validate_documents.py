"""validate_documents.py DIR: runs the validator over every document below DIR, each with all its errors."""

import json
import pathlib
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator


def main():
    documents = sorted(pathlib.Path(sys.argv[1]).rglob("*.json"))
    failed = 0
    for path in documents:
        for error in OpenAPIV31SpecValidator(json.loads(path.read_text())).iter_errors():
            failed += 1
            print(f"{path.name}: {'/'.join(str(part) for part in error.absolute_path)}: {error.message[:300]}")
    print(f"{len(documents)} documents, {failed} errors")
    sys.exit(1 if failed or not documents else 0)


if __name__ == "__main__":
    main()
