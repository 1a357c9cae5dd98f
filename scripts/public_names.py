#!/usr/bin/env python3
"""Reads the names that tern's public headers declare: include/tern without include/tern/detail, in PUBLIC_SPACES. A parser of text, for clang-formatted headers: it follows braces, and looks at declarations in
namespaces only.

  scripts/public_names.py                 prints each name with its kind and header
  scripts/public_names.py --write-module  writes the export lists of src/module/tern.cppm
  scripts/public_names.py --check-module  fails when they are not those of the headers
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Folders, and a header beside them, whose library is tern::tern: what `import tern;` brings. REST, telemetry and tests have libraries of their own.
MODULE_FOLDERS = ("async", "call", "client", "log.h", "rpc", "server", "transport")
# sender.h needs stdexec; a program that has it includes the header.
NOT_IN_MODULE = {"tern/async/sender.h"}
# tern::rpc and tern::http2 are the library's own.
PUBLIC_SPACES = ("tern", "tern::rest", "tern::telemetry", "tern::testing")
MODULE = "src/module/tern.cppm"
INCLUDES = ("// What is exported stands in the global module, as in programs that include the headers.", "export module tern;")
EXPORTS = ("// Written by scripts/public_names.py --write-module.", "// The end of what is written.")
TYPES = ("class", "struct", "enum", "alias", "concept")

Name = collections.namedtuple("Name", "namespace name kind header line comment")


def without_comments(text):
    """Comments, strings, TERN_API and preprocessor's lines become spaces; lines stay where they are."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
    text = re.sub(r'R"\((?:.*?)\)"', blank, text, flags=re.DOTALL)
    text = re.sub(pattern, blank, text, flags=re.DOTALL)
    text = re.sub(r"\bTERN_API\b", blank, text)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, text, flags=re.MULTILINE)


def closing(text, at, pair):
    """The place behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] == pair[0]:
            depth += 1
        elif text[i] == pair[1]:
            depth -= 1
            if depth == 0:
                return i + 1
    raise ValueError(f"no {pair[1]} for the {pair[0]} at {at}")


def without_templates(head):
    """Drops `template <…>` and its requires-clause, and attributes."""
    head = re.sub(r"\[\[[^\]]*\]\]", " ", head).strip()
    while head.startswith("template"):
        head = head[closing(head.replace("->", "  ").replace("<=", "  ").replace(">=", "  "), head.index("<"), "<>"):].strip()
        while re.match(r"requires\b|&&|\|\|", head):
            head = re.sub(r"^(requires\b|&&|\|\|)\s*", "", head)
            if head.startswith("("):
                head = head[closing(head, 0, "()"):].strip()
                continue
            head = re.sub(r"^!?[\w:]+\s*", "", head)
            if head.startswith("<"):
                head = head[closing(head, 0, "<>"):].strip()
    return head


def flat(text, pair):
    """Without what stands in brackets of the kind."""
    result, depth = [], 0
    for character in text:
        depth += character == pair[0]
        if depth == 0:
            result.append(character)
        depth -= character == pair[1] and depth > 0
    return "".join(result)


def declared(head):
    """(kind, name) of a declaration in a namespace, up to its `;` or `{`; None for what declares no new name."""
    head = without_templates(head)
    if match := re.match(r"using\s+(\w+)\s*=", head):
        return "alias", match[1]
    if match := re.match(r"using\s+(?!namespace)[\w:]*::(\w+)$", head):
        return "alias", match[1]
    if match := re.match(r"concept\s+(\w+)", head):
        return "concept", match[1]
    if match := re.match(r"enum(?:\s+(?:class|struct))?\s+(\w+)", head):
        return "enum", match[1]
    if match := re.match(r"(class|struct|union)\s+(\w+)\s*(?:final\s*)?(?::(?!:).*)?$", head, re.DOTALL):
        return ("class" if match[1] == "class" else "struct"), match[2]
    if re.match(r"(class|struct|union|extern|friend|static_assert|namespace|using)\b", head):
        return None
    if match := re.search(r"operator\s*([^\w\s(]+|\(\))\s*\(", head):
        return "operator", f"operator{match[1]}"
    plain = flat(head.replace("->", " "), "<>")
    if "(" in plain and not re.match(r"[^(]*=", plain):
        match = re.search(r"([\w:~]+)\s*\($", plain[:plain.index("(") + 1])
        if match is None or "::" in match[1]:
            return None  # a member, defined outside of its class
        return "function", match[1]
    match = re.search(r"(\w+)\s*(?:=.*|\[.*)?$", plain, re.DOTALL)
    return ("value", match[1]) if match and re.match(r"(inline|constexpr|extern|const)\b", plain) else None


def comment_above(lines, line):
    """The doc comment that ends above this line (from 0), as one text."""
    found = []
    while line > 0 and re.match(r"\s*(template\b|requires\b)", lines[line - 1]):
        line -= 1
    while line > 0 and lines[line - 1].lstrip().startswith("///"):
        line -= 1
        found.append(lines[line].strip().removeprefix("///").strip())
    return " ".join(reversed(found))


def names_in(text, header):
    """All names that a header declares in public namespaces."""
    lines = text.splitlines()
    text = without_comments(text)
    names, namespaces = [], []
    start = i = 0
    while i < len(text):
        character = text[i]
        if character == "(":
            i = closing(text, i, "()")
            continue
        if character not in "{};":
            i += 1
            continue
        head = text[start:i].strip()
        if character == "}":
            if not namespaces:
                raise ValueError(f"{header}: a }} too many")
            namespaces.pop()
            start = i = i + 1
            continue
        begin = text[:start].count("\n") + text[start:i][:len(text[start:i]) - len(text[start:i].lstrip())].count("\n")
        if character == "{" and (match := re.match(r"(?:inline\s+)?namespace\b\s*([\w:]*)$", head)):
            namespaces.append(match[1])
            start = i = i + 1
            continue
        if character == "{" and head.startswith("extern"):
            namespaces.append("extern")
            start = i = i + 1
            continue
        # `class X;` only announces a class, and says nothing of where it is declared.
        announced = character == ";" and re.match(r"(class|struct|union)\b|enum\b(?!.*\{)", without_templates(head))
        if head and not announced and (found := declared(head)):
            space = "::".join(part for part in namespaces if part != "extern")
            if space in PUBLIC_SPACES and "" not in namespaces:
                names.append(Name(space, found[1], found[0], header, begin + 1, comment_above(lines, begin)))
        if character == "{":
            i = closing(text, i, "{}")
            function = re.search(r"\)[^=]*$", flat(head, "<>")) is not None
            rest = re.match(r"\s*;", text[i:])
            if rest:
                i += rest.end()
            elif not function:
                end = text.index(";", i)  # `constexpr X x{…}, …;`
                i = end + 1
            start = i
            continue
        start = i = i + 1
    return names


def public_headers(root=ROOT):
    include = root / "include"
    return [header for header in sorted(include.rglob("*.h")) if "detail" not in header.relative_to(include).parts]


def public_names(root=ROOT):
    names = []
    for header in public_headers(root):
        try:
            names += names_in(header.read_text(), str(header.relative_to(root / "include")))
        except ValueError as problem:
            raise SystemExit(f"public_names: {header.relative_to(root)}: {problem}") from problem
    return names


def module_parts(root=ROOT):
    """The include lines and the export lists of the module."""
    in_module = [str(header.relative_to(root / "include")) for header in public_headers(root)
                 if header.relative_to(root / "include").parts[1] in MODULE_FOLDERS]
    in_module = [header for header in in_module if header not in NOT_IN_MODULE]
    by_space = collections.defaultdict(set)
    for name in public_names(root):
        if name.header in in_module:
            by_space[name.namespace].add(name.name)
    exports = []
    for space in sorted(by_space):
        exports.append(f"export namespace {space} {{")
        exports += [f"using {space}::{name};" for name in sorted(by_space[space])]
        exports.append(f"}}  // namespace {space}\n")
    includes = [f'#include "{header}"' for header in ("tern/version.h", *in_module)]
    return includes, exports


def between(text, marks, lines):
    """The text with other lines between two marks."""
    begin = text.index(marks[0]) + len(marks[0])
    return text[:begin] + "\n" + "\n".join(lines) + "\n\n" + text[text.index(marks[1], begin):]


def module_text(text, root=ROOT):
    includes, exports = module_parts(root)
    text = between(text, INCLUDES, includes)
    return between(text, EXPORTS, ["", *exports]).replace("\n\n\n", "\n\n")


def module_agrees(root=ROOT):
    text = (root / MODULE).read_text()
    return text == module_text(text, root)


def main():
    module = ROOT / MODULE
    if "--write-module" in sys.argv:
        module.write_text(module_text(module.read_text()))
    elif "--check-module" in sys.argv:
        if not module_agrees():
            sys.exit(f"{MODULE} does not export what the headers declare: run scripts/public_names.py --write-module")
    else:
        for name in public_names():
            print(f"{name.kind:9} {name.namespace}::{name.name}  {name.header}:{name.line}")


if __name__ == "__main__":
    main()
