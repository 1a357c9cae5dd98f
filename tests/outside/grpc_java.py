#!/usr/bin/env python3
"""The interoperability programs of grpc-java against ours, both ways, in plaintext and over TLS (with grpc-java's test
certificates)."""
import os
import shutil
import subprocess
import zipfile

import interop
import tools
from support.ports import free_port
from support.server import Server

ARTIFACT = "io.grpc:grpc-interop-testing"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>tern</groupId><artifactId>outside</artifactId><version>1</version>
<dependencies><dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency></dependencies>
</project>"""
# Its client checks what tern's server compresses. Its server's handlers do not know whether a message came compressed, and compress
# no single message of a stream.
COMPRESSED = ["client_compressed_unary", "server_compressed_unary", "client_compressed_streaming",
              "server_compressed_streaming"]


def class_path():
    file = tools.FETCHED / f"grpc-java-{tools.version_of(ARTIFACT)}" / "class_path"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "pom.xml").write_text(POM.format(*ARTIFACT.split(":"), tools.version_of(ARTIFACT)))
        tools.run(["mvn", "-B", "-q", "dependency:build-classpath", f"-Dmdep.outputFile={file}.new"], cwd=file.parent)
        os.rename(f"{file}.new", file)
    return file.read_text().strip()


def test_certificates(classes):
    """The folder of grpc-java's test certificates, taken out of its jar."""
    folder = tools.FETCHED / "grpc-java-certificates"
    for jar in classes.split(":"):
        with zipfile.ZipFile(jar) as files:
            for name in ("ca.pem", "server1.pem", "server1.key"):
                if f"certs/{name}" in files.namelist():
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(files.read(f"certs/{name}"))
    return folder


def main():
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            tools.skip(f"{program} is not installed (Debian: default-jdk-headless, maven)")
    classes = class_path()
    certificates = test_certificates(classes)
    interop.build()
    # The JVM lives a second: compiling its bytecode well would take longer than running it.
    java = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classes]
    package = "io.grpc.testing.integration"

    def java_client(port, case, tls):
        command = [*java, f"{package}.TestServiceClient", "--server_host=127.0.0.1", f"--server_port={port}",
                   f"--test_case={case}", interop.SOAK_LATENCY,
                   "--soak_overall_timeout_seconds=60", f"--use_tls={str(tls).lower()}"]
        return [*command, "--use_test_ca=true", "--server_host_override=foo.test.google.fr"] if tls else command

    def java_server(tls):
        port = free_port()  # it prints the port that it is given, not the one that it has
        return Server([*java, f"{package}.TestServiceServer", f"--port={port}", f"--use_tls={str(tls).lower()}"],
                      says=r"started on port (\d+)", stderr=subprocess.STDOUT)

    failures, count = [], 0
    for tls in (False, True):
        over = " over TLS" if tls else ""
        files = (certificates / "server1.pem", certificates / "server1.key") if tls else None
        java_cases = [*interop.CASES, *COMPRESSED]
        failures += interop.run_cases(f"grpc-java's client{over}", interop.tern_server(files),
                                      lambda port, case, tls=tls: java_client(port, case, tls), java_cases)
        authority = (certificates / "ca.pem", "foo.test.google.fr") if tls else None
        tern_cases = [*interop.CASES, "server_compressed_unary", "concurrent_large_unary"]
        failures += interop.run_cases(f"tern's client to grpc-java{over}", java_server(tls),
                                      lambda port, case, authority=authority: interop.tern_client(port, case, authority),
                                      tern_cases)
        count += len(java_cases) + len(tern_cases)
    tools.finish(failures, f"{count - len(failures)} of {count} cases, both ways, in plaintext and over TLS")


main()
