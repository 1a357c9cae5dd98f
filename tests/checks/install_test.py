"""scripts/packages and scripts/install: install_test.py SOURCE. Nothing is installed."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv[1])
del sys.argv[1:]
SYSTEMS = ["debian-12", "debian-13", "ubuntu-24.04", "fedora", "arch"]

DEBIAN_12 = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n'
DEBIAN_13 = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n'
UBUNTU_24_04 = ('PRETTY_NAME="Ubuntu 24.04.1 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n'
                'UBUNTU_CODENAME=noble\n')
FEDORA = 'PRETTY_NAME="Fedora Linux 42 (Server Edition)"\nID=fedora\nVERSION_ID=42\nVERSION_CODENAME=""\n'
ARCH = 'PRETTY_NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n'
MINT_22 = ('PRETTY_NAME="Linux Mint 22"\nID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\nVERSION_CODENAME=wilma\n'
           'UBUNTU_CODENAME=noble\n')
MINT_DEBIAN_6 = ('PRETTY_NAME="LMDE 6 (faye)"\nID=linuxmint\nID_LIKE=debian\nVERSION_ID="6"\nVERSION_CODENAME=faye\n'
                 'DEBIAN_CODENAME=bookworm\n')
MANJARO = 'PRETTY_NAME="Manjaro Linux"\nID=manjaro\nID_LIKE=arch\n'
NOBARA = 'PRETTY_NAME="Nobara Linux 41"\nID=nobara\nID_LIKE="rhel centos fedora"\nVERSION_ID=41\n'
DEBIAN_SID = 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nID=debian\nVERSION_CODENAME=forky\n'
UBUNTU_22_04 = ('PRETTY_NAME="Ubuntu 22.04.5 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\n'
                'UBUNTU_CODENAME=jammy\n')
ROCKY = 'PRETTY_NAME="Rocky Linux 9.4"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n'
ALPINE = 'PRETTY_NAME="Alpine Linux v3.20"\nID=alpine\nVERSION_ID=3.20.3\n'


def rows():
    for line in (SOURCE / "scripts/packages").read_text().splitlines():
        if line and not line.startswith("#"):
            yield re.split(r" *\| *", line)


def install(*arguments, release=DEBIAN_12, **environment):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(release)
        file.flush()
        return subprocess.run([SOURCE / "scripts/install", *arguments], capture_output=True, text=True, check=False,
                              env={**os.environ, "TERN_OS_RELEASE": file.name, **environment})


class Packages(unittest.TestCase):
    def test_each_system_has_an_answer_for_each_need(self):
        self.assertGreater(len(list(rows())), 30)
        for row in rows():
            with self.subTest(row=row[:2]):
                self.assertEqual(len(row), 2 + len(SYSTEMS))
                self.assertIn(row[0], ("build", "test", "bench"))
                for cell in row[2:]:
                    self.assertRegex(cell, r"^(-|none: \S.*|[a-z0-9][a-z0-9.+_-]*( [a-z0-9][a-z0-9.+_-]*)*)$")

    def test_a_need_and_a_package_occur_once(self):
        needs = [row[1] for row in rows()]
        self.assertEqual(len(needs), len(set(needs)))
        for i, system in enumerate(SYSTEMS):
            packages = [name for row in rows() if not row[2 + i].startswith("none:") and row[2 + i] != "-" for name in row[2 + i].split()]
            self.assertEqual(sorted(packages), sorted(set(packages)), system)

    def test_debian_needs_nothing_but_packages_to_build(self):
        for row in rows():
            if row[0] == "build":
                self.assertNotRegex(row[2] + row[3], "none:")


class Install(unittest.TestCase):
    def assertSystem(self, release, system):
        said = install("--list", "build", release=release)
        expected = install("--list", "build", TERN_SYSTEM=system)
        self.assertEqual((said.returncode, said.stdout), (0, expected.stdout), said.stderr)

    def test_knows_systems_by_their_os_release(self):
        self.assertSystem(DEBIAN_12, "debian-12")
        self.assertSystem(DEBIAN_13, "debian-13")
        self.assertSystem(UBUNTU_24_04, "ubuntu-24.04")
        self.assertSystem(FEDORA, "fedora")
        self.assertSystem(ARCH, "arch")

    def test_takes_a_derivative_for_what_it_is_derived_from(self):
        self.assertSystem(MINT_22, "ubuntu-24.04")
        self.assertSystem(MINT_DEBIAN_6, "debian-12")
        self.assertSystem(MANJARO, "arch")

    def test_lists_the_packages_of_a_group_and_of_those_below_it(self):
        lists = [install("--list", group, release=DEBIAN_13).stdout.split() for group in ("build", "test", "bench")]
        self.assertIn("libboost-json1.83-dev", lists[0])
        self.assertNotIn("clang-19", lists[0])
        self.assertIn("clang-19", lists[1])
        self.assertLess(set(lists[0]), set(lists[1]))
        self.assertLess(set(lists[1]), set(lists[2]))
        self.assertNotIn("none:", lists[2])

    def test_names_what_an_unknown_system_needs(self):
        for release, name in [(ALPINE, "Alpine Linux v3.20"), (DEBIAN_SID, "Debian GNU/Linux forky/sid"),
                              (UBUNTU_22_04, "Ubuntu 22.04.5 LTS"), (ROCKY, "Rocky Linux 9.4"), (NOBARA, "Nobara Linux 41")]:
            said = install("build", release=release)
            self.assertEqual(said.returncode, 1, name)
            self.assertIn(f"the packages of this system ({name}) are not known", said.stderr)
            self.assertIn("\n  Boost 1.81 (headers, JSON, Stacktrace, URL)\n", said.stderr)
            self.assertIn("TERN_SYSTEM=none", said.stderr)
            self.assertNotIn("GoogleTest", said.stderr)

    def test_installs_nothing_for_the_system_none(self):
        said = install("build", release=ALPINE, TERN_SYSTEM="none")
        self.assertEqual((said.returncode, said.stdout, said.stderr), (0, "", ""))

    def test_rejects_unknown_systems_and_groups(self):
        said = install("build", TERN_SYSTEM="debian-11")
        self.assertEqual(said.returncode, 2)
        self.assertIn("TERN_SYSTEM=debian-11 is not in scripts/packages; it has: debian-12 debian-13", said.stderr)
        said = install("everything")
        self.assertEqual(said.returncode, 2)
        self.assertIn("scripts/install [--list] build|test|bench", said.stderr)


unittest.main()
