"""What the suites of others share: fetching them at the versions of `versions` into build/outside, building our programs, and
telling how a suite ended. Each suite is a program beside this one; scripts/outside runs them."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FETCHED = ROOT / "build" / "outside"
BUILT = ROOT / "build" / "ci" / "tests"
# What scripts/outside takes for a skipped suite.
SKIPPED = 77

sys.path.insert(0, str(ROOT / "tests"))


def version_of(name):
    for line in (ROOT / "tests/outside/versions").read_text().splitlines():
        if line.startswith(name + " "):
            return line.split()[1]
    raise KeyError(f"tests/outside/versions has no {name}")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def run(command, **options):
    """Runs a command whose output matters only when it fails."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def build(*targets):
    run([ROOT / "scripts/build", "ci", *targets])


def go(*arguments, **options):
    if shutil.which("go") is None:
        skip("go is not installed (Debian: golang-go)")
    environment = {**os.environ, "GOFLAGS": "-mod=mod -buildvcs=false", "GOBIN": str(FETCHED / "bin")}
    return run(["go", *arguments], env=environment, **options)


def go_program(package, module, name):
    """The path of a program of a Go module, built once for each version."""
    version = version_of(module)
    program = FETCHED / "bin" / f"{name}-{version}"
    if not program.exists():
        FETCHED.mkdir(parents=True, exist_ok=True)
        go("install", f"{package}@{version}", cwd=FETCHED)
        (FETCHED / "bin" / package.split("/")[-1]).rename(program)
    return program


def go_programs(folder):
    """The paths of the programs of a folder of ours, one package each, built from Go modules at the versions of `versions`:
    those that the folder's file "modules" names, and what they need."""
    sources = FETCHED / folder.name
    # Copied each time, so that a change is seen; Go's own cache makes the second build short.
    shutil.rmtree(sources, ignore_errors=True)
    shutil.copytree(folder, sources)
    modules = [f"{module}@{version_of(module)}" for module in (folder / "modules").read_text().split()]
    go("mod", "init", "tern.example/outside", cwd=sources)
    go("get", *modules, cwd=sources)
    go("mod", "tidy", cwd=sources)
    packages = sorted(path.parent.name for path in folder.glob("*/main.go"))
    go("build", "-o", str(sources / "bin") + "/", *[f"./{package}" for package in packages], cwd=sources)
    return {package: sources / "bin" / package for package in packages}


def python_with(package):
    """A Python that has this package of PyPI, at its version of `versions`, in an environment of its own."""
    environment = FETCHED / f"python-{package}-{version_of(package)}"
    if not (environment / "installed").exists():
        run([sys.executable, "-m", "venv", environment])
        run([environment / "bin" / "python", "-m", "pip", "install", "-q", f"{package}=={version_of(package)}"])
        (environment / "installed").touch()
    return environment / "bin" / "python"


def go_module(module):
    """The folder of a Go module's files, which are read-only."""
    FETCHED.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(json.loads(go("mod", "download", "-json", f"{module}@{version_of(module)}", cwd=FETCHED))["Dir"])


def certificate():
    """A certificate for localhost and 127.0.0.1 that is its own authority, and its key."""
    files = FETCHED / "server.pem", FETCHED / "server.key"
    if not all(file.exists() for file in files):
        FETCHED.mkdir(parents=True, exist_ok=True)
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", files[1], "-out", files[0]])
    return files


def finish(failures, summary):
    """Prints each failure and the closing line, and ends the program."""
    for failure in failures:
        print(failure)
    print(summary)
    sys.exit(1 if failures else 0)
