"""gdb commands for programs on tern, running ones and core files alike (docs/debugging.md).

  (gdb) source /usr/share/tern/gdb/tern.py
  (gdb) tern-calls        every call in flight: method, peer, age, and what its handler awaits
  (gdb) tern-bt           the chain of awaiting coroutines of the job that this thread runs; without one, of every job
  (gdb) tern-bt all       the chains of every job
  (gdb) tern-bt ADDRESS   the chain of one job

They need the program's symbols, and line tables (-g1) for files and lines, but no types: the library has a table of
where its members stand (src/async/debug_root.h). Lines of co_await are found on x86-64, and in optimised programs by
addr2line (binutils); elsewhere a coroutine is shown with the line where its function begins.
"""
import os
import re
import subprocess
import time

import gdb

VERSION = 2
MOST = 100_000  # in a list: more are the sign of a broken one
PROMISE = 16    # the promise's offset in a coroutine's frame, behind the addresses of its two functions

# Names of awaiters, by the beginning of the type's name. The AwaiterNames of each folder are the same in the program.
AWAITS = (("tern::Sleep", "sleep"), ("tern::Event::Waiting", "an Event"),
          ("tern::detail::ReadWait", "a message of the peer"), ("tern::Reader", "a message of the peer"),
          ("tern::detail::ReadingCall", "a message of the peer"),
          ("tern::detail::WriteWait", "the peer to read"),
          ("tern::detail::ExecutorCall", "run_in_executor"), ("tern::TaskGroup::Join", "TaskGroup::join"),
          ("tern::detail::AsioOperation", "an operation of Asio"), ("tern::transport::Readiness", "a socket"),
          ("tern::InterceptorParts::Part", "the next interceptor"),
          ("tern::detail::TimedWait", "with_timeout"), ("tern::detail::ShieldedWait", "shield"),
          ("tern::Queue", "a Queue"), ("tern::Semaphore::Acquire", "a Semaphore"), ("tern::Mutex::Locking", "a Mutex"),
          ("tern::Condition::Waiting", "a Condition"), ("tern::Gate::Close", "a Gate's passes"), ("tern::Latch::Waiting", "a Latch"),
          ("tern::OneShot", "a OneShot"), ("tern::ThreadOneShot", "a ThreadOneShot"), ("tern::Broadcast", "a Broadcast"),
          ("tern::Watch", "a Watch"), ("tern::detail::Branches", "gather or when_any"), ("tern::AsCompleted", "as_completed"),
          ("tern::detail::RemoteWait", "run_on"), ("tern::TaskGroup::Member", "a member of a TaskGroup"), ("tern::SharedTask", "a SharedTask"))

HAVE_JOBS = ("with_timeout", "shield", "gather or when_any", "as_completed")  # awaiters that begin jobs of their own


class Memory:
    """Reads the inferior. An address that cannot be read raises gdb.MemoryError."""

    @staticmethod
    def read(address, size):
        return bytes(gdb.selected_inferior().read_memory(address, size))

    @classmethod
    def number(cls, address, size=8, signed=False):
        return int.from_bytes(cls.read(address, size), "little", signed=signed)

    @classmethod
    def c_string(cls, address, most=4096):
        text = bytearray()
        while len(text) < most:
            byte = cls.read(address + len(text), 1)
            if byte == b"\0":
                break
            text += byte
        return text.decode("utf-8", "replace")

    @classmethod
    def string(cls, address):
        """A std::string or a std::string_view of libstdc++ begins with a pointer and a length, in one order or the
        other."""
        return cls.read(cls.number(address), min(cls.number(address + 8), 4096)).decode("utf-8", "replace")

    @classmethod
    def string_view(cls, address):
        return cls.read(cls.number(address + 8), min(cls.number(address), 4096)).decode("utf-8", "replace")


class Layout:
    """Where members stand, as the program says."""

    def __init__(self):
        try:
            self.root = int(gdb.parse_and_eval("(unsigned long)&tern_debug_root"))
        except gdb.error:
            raise gdb.GdbError("no symbol tern_debug_root: the program does not use tern, or it is stripped (give gdb "
                               "the file that has the symbols: symbol-file FILE)")
        if gdb.selected_inferior().pid == 0:
            raise gdb.GdbError("the program is not running, and no core file was given: start it, or use gdb PROGRAM CORE")
        version = Memory.number(self.root)
        if version != VERSION:
            raise gdb.GdbError(f"the program's tern has tables of version {version}, this file reads version {VERSION}:"
                               " use the tern.py that came with the program's tern")
        self.offsets = {}
        for index in range(8):
            table = Memory.number(self.root + 16 + 8 * index)
            while table != 0 and (name := Memory.number(table)) != 0:
                self.offsets[Memory.c_string(name)] = Memory.number(table + 8, signed=True)
                table += 16

    def __getitem__(self, name):
        return self.offsets[name]

    def __contains__(self, name):
        return name in self.offsets


def nodes(head):
    """The ListNodes of an IntrusiveList."""
    node = Memory.number(head + 8)
    for _ in range(MOST):
        if node in (0, head):
            return
        yield node
        node = Memory.number(node + 8)


def tree_values(tree):
    """The addresses of the values in a std::map of libstdc++."""
    header = tree + 8
    node = Memory.number(header + 16)  # the leftmost
    for _ in range(MOST):
        if node in (0, header):
            return
        yield node + 32
        right = Memory.number(node + 24)
        if right != 0:
            node = right
            while (left := Memory.number(node + 16)) != 0:
                node = left
            continue
        parent = Memory.number(node + 8)
        while node == Memory.number(parent + 24):
            node, parent = parent, Memory.number(parent + 8)
        node = parent


def symbol_at(address):
    """The symbol that an address is in: its name, and how far it is from the symbol's beginning."""
    text = gdb.execute(f"info symbol {address}", to_string=True).strip()
    found = re.match(r"(.*?)(?: \+ (\d+))? in section ", text)
    return (found.group(1), int(found.group(2) or 0)) if found else ("", 0)


class Types:
    """Types of objects with virtual functions, by the Itanium C++ ABI: no debug information is needed."""

    def __init__(self):
        self.bases_of = {}

    def of(self, address):
        """The type information of the object that a base of it stands at, and where the object begins."""
        table = Memory.number(address)
        top = Memory.number(table - 16, signed=True)
        return Memory.number(table - 8), address + top

    def name(self, info):
        mangled = Memory.c_string(Memory.number(info + 8)).lstrip("*")
        return gdb.execute(f"demangle -l c++ -- _Z{mangled}", to_string=True).strip()

    def bases(self, info):
        """Type informations of the direct bases, with their offsets."""
        if info not in self.bases_of:
            kind, _ = symbol_at(Memory.number(info))
            found = []
            if "__si_class_type_info" in kind:
                found = [(Memory.number(info + 16), 0)]
            elif "__vmi_class_type_info" in kind:
                for index in range(min(Memory.number(info + 20, 4), 16)):
                    flags = Memory.number(info + 24 + 16 * index + 8, signed=True)
                    if not flags & 1:  # not a virtual one
                        found.append((Memory.number(info + 24 + 16 * index), flags >> 8))
            self.bases_of[info] = found
        return self.bases_of[info]

    def job_offset(self, info):
        """The offset of the tern::Job in an object of this type; None without one."""
        if Memory.c_string(Memory.number(info + 8), 64).lstrip("*") == "N4tern3JobE":
            return 0
        for base, offset in self.bases(info):
            inner = self.job_offset(base)
            if inner is not None:
                return offset + inner
        return None

    def has_list_node(self, info, offset):
        """Whether an object of this type has a tern::ListNode as a base at this offset."""
        for base, its_offset in self.bases(info):
            if its_offset == offset and Memory.c_string(Memory.number(base + 8), 64).startswith("N4tern8ListNode"):
                return True
            if self.has_list_node(base, offset - its_offset):
                return True
        return False

    def listed_job(self, node):
        """The job that a list's node is a base of; None where it is a base of another object."""
        for back in range(8, 512, 8):
            job = self.job_at(node - back)
            if job is None:
                continue
            info, begin = self.of(node - back)
            if begin == node - back:
                return job if self.has_list_node(info, back) else None
        return None

    def job_at(self, address):
        """The job that the object at an address is, or has as a base; None for any other object."""
        try:
            table = Memory.number(address)
            if table & 7 or "vtable for" not in symbol_at(table)[0]:
                return None
            info, begin = self.of(address)
            offset = self.job_offset(info)
            return None if offset is None else begin + offset
        except gdb.MemoryError:
            return None


class Dispatch:
    """Follows the first instructions of a coroutine's resume function, up to where it stands: they jump by an index in
    the frame. x86-64, in AT&T syntax, as far as g++ and clang use it there."""

    STACK = 1 << 60
    PARTS = {}
    for _number, _names in enumerate(("rax eax ax al", "rbx ebx bx bl", "rcx ecx cx cl", "rdx edx dx dl",
                                      "rsi esi si sil", "rdi edi di dil", "rbp ebp bp bpl", "rsp esp sp spl")):
        for _size, _name in zip((8, 4, 2, 1), _names.split()):
            PARTS[_name] = (_number, _size)
    for _number in range(8, 16):
        for _size, _suffix in ((8, ""), (4, "d"), (2, "w"), (1, "b")):
            PARTS[f"r{_number}{_suffix}"] = (_number, _size)
    SUFFIX = {"b": 1, "w": 2, "l": 4, "q": 8}
    JUMPS = {"e": lambda a, b, m: a == b, "ne": lambda a, b, m: a != b, "z": lambda a, b, m: a == b,
             "nz": lambda a, b, m: a != b, "a": lambda a, b, m: a > b, "ae": lambda a, b, m: a >= b,
             "b": lambda a, b, m: a < b, "be": lambda a, b, m: a <= b,
             "g": lambda a, b, m: Dispatch.signed(a, m) > Dispatch.signed(b, m),
             "ge": lambda a, b, m: Dispatch.signed(a, m) >= Dispatch.signed(b, m),
             "l": lambda a, b, m: Dispatch.signed(a, m) < Dispatch.signed(b, m),
             "le": lambda a, b, m: Dispatch.signed(a, m) <= Dispatch.signed(b, m)}

    class Stop(Exception):
        """An instruction that is not followed."""

    def __init__(self, frame):
        self.frame = frame
        self.registers = {5: (frame, frozenset()), 7: (self.STACK, frozenset())}
        self.stack = {}
        self.flags = None
        self.index = None  # the addresses in the frame that the first jump depended on
        self.found = None

    @staticmethod
    def signed(value, size):
        return value - (1 << 8 * size) if value >> (8 * size - 1) else value

    def load(self, address, size, taint):
        if address >= self.STACK - (1 << 20):
            if (address, size) not in self.stack:
                raise self.Stop
            return self.stack[address, size]
        value = Memory.number(address, size)
        if self.frame + 16 <= address < self.frame + (1 << 20):
            taint = taint | {address}
        return value, taint

    def address_of(self, operand, after):
        found = re.fullmatch(r"(-?0x[0-9a-f]+|-?\d+)?\((?:%(\w+))?(?:,%(\w+)(?:,(\d))?)?\)", operand)
        if not found:
            raise self.Stop
        value, taint = int(found.group(1) or "0", 0), frozenset()
        for name, scale in ((found.group(2), 1), (found.group(3), int(found.group(4) or 1))):
            if name == "rip":
                value += after
            elif name:
                part, its = self.get("%" + name, 8, after)
                value, taint = value + part * scale, taint | its
        return value & ((1 << 64) - 1), taint

    def get(self, operand, size, after):
        if operand.startswith("$"):
            return int(operand[1:], 0) & ((1 << 8 * size) - 1), frozenset()
        if operand.startswith("%"):
            number, size = self.PARTS.get(operand[1:], (None, 0))
            if number not in self.registers:
                raise self.Stop
            value, taint = self.registers[number]
            return value & ((1 << 8 * size) - 1), taint
        address, taint = self.address_of(operand, after)
        return self.load(address, size, taint)

    def put(self, operand, size, value, taint, after):
        if operand.startswith("%"):
            number, size = self.PARTS.get(operand[1:], (None, 0))
            if number is None:
                raise self.Stop
            value &= (1 << 8 * size) - 1
            if size < 4:
                old, its = self.registers.get(number, (0, frozenset()))
                value, taint = old & ~((1 << 8 * size) - 1) | value, taint | its
            self.registers[number] = (value, taint)
            return
        address, _ = self.address_of(operand, after)
        if address < self.STACK - (1 << 20):
            raise self.Stop  # the coroutine's own work has begun
        self.stack[address, size] = (value & ((1 << 8 * size) - 1), taint)

    def size_of(self, name, operands):
        for operand in operands:
            if operand.startswith("%") and operand[1:] in self.PARTS:
                return self.PARTS[operand[1:]][1]
        return self.SUFFIX.get(name[-1], 8)

    def jump(self, target, taint):
        """A jump that the place where the coroutine stands decides about."""
        if taint:
            if self.index is None:
                self.index = taint
            if taint <= self.index:
                self.found = target
            else:
                raise self.Stop
        return target

    def step(self, instruction):
        """Returns the address of the next instruction."""
        at = instruction["addr"]
        after = at + instruction["length"]
        text = re.sub(r"\s*[#<].*", "", instruction["asm"]).replace("notrack ", "").replace("bnd ", "").strip()
        name, _, rest = text.partition(" ")
        operands = re.findall(r"(?:\*?[^,(]*\([^)]*\))|[^,\s][^,]*", rest.strip())
        if name.startswith("nop") or name in ("endbr64", "data16", "xchg") and "nop" in text or name == "endbr64":
            return after
        if name == "jmp":
            if operands[0].startswith("*"):
                target, taint = self.get(operands[0][1:], 8, after)
                return self.jump(target, taint)
            return int(operands[0], 16)
        if name[0] == "j" and name[1:] in self.JUMPS:
            if self.flags is None:
                raise self.Stop
            left, right, size, taint = self.flags
            holds = self.JUMPS[name[1:]](left, right, size)
            return self.jump(int(operands[0], 16) if holds else after, taint)
        size = self.size_of(name, operands[::-1])
        if name in ("push", "pushq"):
            stack, _ = self.registers[7]
            self.registers[7] = (stack - 8, frozenset())
            number, _ = self.PARTS.get(operands[0][1:], (None, 0))
            if number in self.registers:
                self.stack[stack - 8, 8] = self.registers[number]
        elif name in ("cmp", "cmpb", "cmpw", "cmpl", "cmpq"):
            right, one = self.get(operands[0], size, after)
            left, other = self.get(operands[1], size, after)
            self.flags = (left, right, size, one | other)
        elif name in ("test", "testb", "testw", "testl", "testq"):
            right, one = self.get(operands[0], size, after)
            left, other = self.get(operands[1], size, after)
            self.flags = (left & right, 0, size, one | other)
        elif name in ("lea", "leaq", "leal"):
            self.put(operands[1], size, *self.address_of(operands[0], after), after)
        elif found := re.fullmatch(r"mov([zs])([bwl])([wlq])", name):
            value, taint = self.get(operands[0], self.SUFFIX[found.group(2)], after)
            if found.group(1) == "s":
                value = self.signed(value, self.SUFFIX[found.group(2)]) & ((1 << 64) - 1)
            self.put(operands[1], self.SUFFIX[found.group(3)], value, taint, after)
        elif name in ("cltq", "cltd"):
            value, taint = self.get("%eax", 4, after)
            self.put("%rax", 8, self.signed(value, 4) & ((1 << 64) - 1), taint, after)
        elif name in ("mov", "movb", "movw", "movl", "movq", "movabs"):
            self.put(operands[1], size, *self.get(operands[0], size, after), after)
        elif found := re.fullmatch(r"(add|sub|and|or|xor|shl)[bwlq]?", name):
            self.arithmetic(found.group(1), operands, size, after)
        else:
            raise self.Stop
        return after

    def arithmetic(self, name, operands, size, after):
        if name == "xor" and operands[0] == operands[1]:
            self.put(operands[1], size, 0, frozenset(), after)
            self.flags = (0, 0, size, frozenset())
            return
        if len(operands) == 1:
            operands = ["$1"] + operands
        right, one = self.get(operands[0], size, after)
        left, other = self.get(operands[1], size, after)
        mask = (1 << 8 * size) - 1
        value = {"add": left + right, "sub": left - right, "and": left & right, "or": left | right,
                 "xor": left ^ right, "shl": left << (right & 63)}[name] & mask
        self.put(operands[1], size, value, one | other, after)
        self.flags = (left, right, size, one | other) if name == "sub" else (value, 0, size, one | other)

    def follow(self, function):
        """The address at which the coroutine goes on; None where it is not known."""
        architecture = gdb.selected_inferior().architecture()
        if architecture.name() != "i386:x86-64":
            return None
        at = function
        flavor = gdb.parameter("disassembly-flavor")
        gdb.execute("set disassembly-flavor att", to_string=True)
        try:
            for _ in range(2000):
                at = self.step(architecture.disassemble(at, count=1)[0])
        except (self.Stop, gdb.MemoryError, KeyError, IndexError, ValueError):
            pass
        finally:
            gdb.execute(f"set disassembly-flavor {flavor}", to_string=True)
        return self.found


class InlinedLines:
    """Asks addr2line (binutils) for the line of a place in a function that has other functions inlined there. gdb's
    Python does not tell which line called the inlined one."""

    def __init__(self):
        self.processes = {}
        self.biases = {}

    @staticmethod
    def section_address(path, wanted):
        """A section's address in an ELF file of 64 bits."""
        with open(path, "rb") as file:
            head = file.read(64)
            if head[:5] != b"\x7fELF\x02":
                return None
            table, size, count, names = (int.from_bytes(head[begin:end], "little")
                                         for begin, end in ((40, 48), (58, 60), (60, 62), (62, 64)))
            file.seek(table)
            headers = [file.read(size) for _ in range(count)]
            file.seek(int.from_bytes(headers[names][24:32], "little"))
            strings = file.read(int.from_bytes(headers[names][32:40], "little"))
            for header in headers:
                begin = int.from_bytes(header[:4], "little")
                if strings[begin:strings.index(b"\0", begin)] == wanted:
                    return int.from_bytes(header[16:24], "little")
        return None

    def bias(self, path):
        """How far the file is from the addresses that are in it."""
        if path not in self.biases:
            files = gdb.execute("info files", to_string=True)
            found = re.search(rf"(0x[0-9a-f]+) - 0x[0-9a-f]+ is \.text(?: in {re.escape(path)})?$", files, re.MULTILINE)
            own = self.section_address(path, b".text")
            self.biases[path] = int(found.group(1), 16) - own if found and own is not None else None
        return self.biases[path]

    def ask(self, path, address):
        process = self.processes.get(path)
        if process is None:
            process = subprocess.Popen(["addr2line", "-a", "-i", "-e", path], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            self.processes[path] = process
        process.stdin.write(f"{address:#x}\n0x0\n")  # the second one shows where the first one's answer ends
        process.stdin.flush()
        last = ""
        while (line := process.stdout.readline()) != "" and not re.fullmatch(r"0x0+\n", line):
            last = line
        process.stdout.readline()
        return re.sub(r" \(discriminator.*", "", last).strip()

    def line(self, address):
        """"file:line" of the function at the bottom; empty where it is not known."""
        try:
            path = gdb.solib_name(address) or gdb.current_progspace().filename
            bias = self.bias(path)
            line = self.ask(path, address - bias) if bias is not None else ""
        except (OSError, TypeError, ValueError):
            return ""
        return line if re.fullmatch(r".*:[1-9]\d*", line) else ""

    def close(self):
        for process in self.processes.values():
            process.stdin.close()
            process.stdout.close()
            process.wait()
        self.processes = {}
        self.biases = {}


inlined_lines = InlinedLines()


def line_at(function, address):
    """File and line of a place in a coroutine, or of its beginning. The code at the place is an awaiter's, from a header
    of the library; without addr2line the next line of the function's own file is taken."""
    begin = gdb.find_pc_line(function)
    if begin.symtab is None:
        return ""
    if address is not None:
        if line := inlined_lines.line(address):
            return line
        architecture = gdb.selected_inferior().architecture()
        for instruction in architecture.disassemble(address, address + 400, 60):
            line = gdb.find_pc_line(instruction["addr"])
            if line.symtab is not None and line.line != 0 and line.symtab.filename == begin.symtab.filename:
                return f"{line.symtab.filename}:{line.line}"
    return f"{begin.symtab.filename}:{begin.line}"


def closing(text, opening):
    depth = 0
    for at in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return len(text)


def coroutine_name(function):
    """A coroutine's function as people write it (src/async/code_location.cc does the same)."""
    function = re.sub(r" \[clone .*", "", function)
    frame = function.find(".Frame*)")
    for found in re.finditer(r"\(", function[:max(frame, 0)]):
        end = function.rfind("::_Z", 0, frame)
        if closing(function, found.start()) > frame and end > found.start():
            return function[found.start() + 1:end]
    return function


def is_coroutine(function):
    return bool(re.search(r"\[clone \.(actor|resume)\]", function))


class Program:
    """The jobs and calls of a process or a core file."""

    def __init__(self):
        self.layout = Layout()
        self.types = Types()

    def loops(self):
        loop = Memory.number(self.layout.root + 8)
        while loop != 0:
            yield loop
            loop = Memory.number(loop + self.layout["Loop.next"])

    def ends(self, loop):
        for node in nodes(loop + self.layout["Loop.ends"]):
            yield node - self.layout["LoopEnd:Node"]

    def held(self, loop, kind):
        """Objects of a class that live on the loop (src/async/on_loop.h)."""
        if f"{kind}.Held.object" not in self.layout:
            return
        for end in self.ends(loop):
            info, begin = self.types.of(end)
            if self.types.name(info) == f"tern::OnLoop<tern::{kind}>::Held":
                held = begin + self.layout[f"{kind}.Held.object"]
                if (found := Memory.number(held)) != 0:
                    yield found

    def groups(self, loop):
        for node in nodes(loop + self.layout["Loop.groups"]):
            yield node - self.layout["TaskGroup:Node"]

    def members(self, loop, group):
        """Jobs of a TaskGroup."""
        yield from self.listed_jobs(loop, group + self.layout["TaskGroup.members"])

    def listed_jobs(self, loop, head):
        for node in nodes(head):
            job = self.types.listed_job(node)
            if job is not None and self.loop_of(job) == loop:
                yield job

    def loop_of(self, job):
        return Memory.number(job + self.layout["Job.loop"])

    def root_jobs(self, loop):
        """The main task, and those of co_spawn()."""
        for end in self.ends(loop):
            info, begin = self.types.of(end)
            offset = self.types.job_offset(info)
            if offset is not None:
                yield begin + offset

    def innermost(self, job):
        return Memory.number(job + self.layout["Job.innermost"])

    def name(self, job):
        name = Memory.number(job + self.layout["Job.name"])
        return Memory.c_string(name) if name != 0 else ""

    def awaits(self, job):
        """Names the thing that the job awaits; empty when it awaits nothing."""
        wait = self.innermost(job)
        if wait == 0:
            return ""
        name = self.types.name(self.types.of(wait)[0])
        for beginning, words in AWAITS:
            if name.startswith(beginning):
                return words
        return re.sub(r"<.*", "", name).replace("tern::", "").replace("detail::", "")

    def chain(self, frame):
        """Frames of coroutines, from the innermost on, each awaited by the next."""
        for _ in range(MOST):
            if frame == 0:
                return
            yield frame
            frame = Memory.number(frame + PROMISE + self.layout["Promise.continuation"])

    def frames(self, job):
        wait = self.innermost(job)
        return list(self.chain(Memory.number(wait + self.layout["Wait.waiter"]))) if wait != 0 else []

    def describe(self, frame):
        function = Memory.number(frame)
        if function == 0:
            return "a coroutine that has ended"
        name = coroutine_name(symbol_at(function)[0]) or f"a function without a name at {function:#x}"
        line = line_at(function, Dispatch(frame).follow(function))
        return f"{name} at {line}" if line else name

    def inner_jobs(self, job):
        """Jobs that this one waits for: with_timeout() has one inside of its awaiter, TaskGroup::join() those of the
        group, other awaiters a list of them."""
        wait = self.innermost(job)
        if wait == 0:
            return []
        loop = self.loop_of(job)
        name = self.types.name(self.types.of(wait)[0])
        words = [Memory.number(wait + offset) for offset in range(8, 128, 8)]
        if "TaskGroup" in name:
            for group in self.groups(loop):
                if group in words:
                    return list(self.members(loop, group))
        # Memory behind an awaiter that has no job of its own may look like one by chance.
        if any(name.startswith(beginning) for beginning, words in AWAITS if words not in HAVE_JOBS):
            return []
        for offset in range(8, 256, 8):
            inner = self.types.job_at(wait + offset)
            if inner is not None and inner != job and self.loop_of(inner) == loop:
                return [inner]
        for head in range(wait + 8, wait + 160, 8):
            last, first = Memory.number(head), Memory.number(head + 8)
            if first in (0, head) or first % 8 or last % 8:
                continue
            try:
                if Memory.number(first) == head and Memory.number(last + 8) == head:  # as in every list
                    if found := [inner for inner in self.listed_jobs(loop, head) if inner != job]:
                        return found
            except gdb.MemoryError:
                continue
        return []

    def waited_for(self, job):
        """The job that the job really waits for, through with_timeout() and groups of one."""
        for _ in range(MOST):
            inner = self.inner_jobs(job)
            if len(inner) != 1:
                break
            job = inner[0]
        return job

    def peer_of(self, connection):
        return Memory.string(connection + self.layout["Connection.peer"])


def age(address):
    """How long ago a system_clock's time, at this address, was; empty for 0."""
    began = Memory.number(address, signed=True)
    if began <= 0:
        return ""
    return f"{max(0.0, now() - began / 1e9):.1f} s"


def now():
    """Of a core file: when it was written."""
    files = gdb.execute("info files", to_string=True)
    found = re.search(r"core dump file:\s*`?([^'\n]+)'?", files)
    if found and os.path.exists(found.group(1)):
        return os.path.getmtime(found.group(1))
    return time.time()


class Printer:
    """Writes jobs with the jobs that they wait for, each once."""

    def __init__(self, program):
        self.program = program
        self.shown = set()

    def job(self, job, title, indent=""):
        if job in self.shown:
            return
        self.shown.add(job)
        program = self.program
        awaits = program.awaits(job)
        name = program.name(job)
        cancelled = Memory.number(job + program.layout["Job.cancelled"], 1) != 0
        print(f"{indent}{title} {job:#x}{f' of {name}' if name else ''}{', cancelled' if cancelled else ''}"
              f", {f'awaits {awaits}' if awaits else 'runs now, or will in this turn of its loop'}")
        for number, frame in enumerate(program.frames(job)):
            print(f"{indent}  #{number:<2} {program.describe(frame)}")
        for inner in program.inner_jobs(job):
            self.job(inner, "which waits for job", indent + "    ")

    def running(self, frame):
        """The job of a coroutine that runs in the selected thread, from its frame on."""
        program = self.program
        job = Memory.number(frame + PROMISE + program.layout["Promise.job"])
        name = program.name(job)
        print(f"job {job:#x}{f' of {name}' if name else ''}, runs in this thread")
        for number, each in enumerate(program.chain(frame)):
            print(f"  #{number:<2} {program.describe(each) if number > 0 else describe_running(each)}")
        self.shown.add(job)

    def everything(self):
        program = self.program
        for loop in program.loops():
            print(f"loop {loop:#x}")
            for job in program.root_jobs(loop):
                self.job(job, "job", "  ")
            for call in calls_of_clients(program, loop):
                if call.job is not None:
                    self.job(call.job, "call", "  ")
            for group in program.groups(loop):
                for job in program.members(loop, group):
                    self.job(job, f"job of the TaskGroup {group:#x}, which is not awaited:", "  ")


def describe_running(frame):
    """The line is in `bt`, of this coroutine alone."""
    return coroutine_name(symbol_at(Memory.number(frame))[0])


def running_frame():
    """The frame of the innermost coroutine on the selected thread's stack; 0 where there is none. Its address is in a
    register or on the stack, and the frame begins with the address of the function."""
    frame = gdb.newest_frame()
    while frame is not None:
        name, offset = symbol_at(frame.pc())
        if is_coroutine(name):
            function = frame.pc() - offset
            for candidate in candidates(frame):
                try:
                    if candidate % 8 == 0 and Memory.number(candidate) == function:
                        return candidate
                except gdb.MemoryError:
                    continue
        frame = frame.older()
    return 0


def candidates(frame):
    for register in ("rdi", "rbx", "rbp", "r12", "r13", "r14", "r15", "x0", "x19", "x20", "x21", "x22"):
        try:
            yield int(frame.read_register(register).cast(gdb.lookup_type("unsigned long")))
        except (gdb.error, ValueError):
            continue
    begin = int(frame.read_register("sp").cast(gdb.lookup_type("unsigned long")))
    older = frame.older()
    end = int(older.read_register("sp").cast(gdb.lookup_type("unsigned long"))) if older is not None else begin + 512
    for address in range(begin, min(end, begin + 65536), 8):
        yield Memory.number(address)


class Call:
    """A call in flight."""

    def __init__(self, method, peer, began, state, job=None):
        self.method = method
        self.peer = peer
        self.age = began
        self.state = state
        self.job = job

    def show(self, program):
        line = f"    {self.method}  {self.peer}"
        if self.age:
            line += f"  for {self.age}"
        print(f"{line}  {self.state}{f'  job {self.job:#x}' if self.job is not None else ''}")
        frames = program.frames(program.waited_for(self.job)) if self.job is not None else []
        if frames:
            print(f"      in {program.describe(frames[0])}")


def calls_of_clients(program, loop):
    """Calls, and requests of HTTP, that this loop's servers answer."""
    layout = program.layout
    for server in program.held(loop, "ServerLoop"):
        for node in nodes(server + layout["ServerLoop.connections"]):
            connection = node - layout["ServerConnection:Node"]
            peer = program.peer_of(connection + layout["ServerConnection.connection"])
            for call_node in nodes(connection + layout["ServerConnection.calls"]):
                call = call_node - layout["ServerCall:Node"]
                job = call + layout["ServerCall:Job"]
                running = Memory.number(call + layout["ServerCall.running"], 1) != 0
                if not running:
                    yield Call("(a call)", f"from {peer}", "", "whose request is not complete, or that has ended")
                    continue
                yield Call(program.name(job), f"from {peer}", age(call + layout["ServerCall.started_at"]),
                           state_of(program, job), job)
        if "Part.connections" not in layout:
            continue
        for value in tree_values(server + layout["ServerLoop.http_parts"]):
            part = Memory.number(value + 8)
            for kind, members in (("Http1Connection", "Part.connections"), ("Http2Exchange", "Part.exchanges")):
                for node in nodes(part + layout[members]):
                    exchange = node - layout[f"{kind}:Node"]
                    job = exchange + layout[f"{kind}:Job"]
                    peer = Memory.string(exchange + layout[f"{kind}.peer"])
                    target = program.name(job)
                    if target:
                        yield Call(f"HTTP {target}", f"from {peer}", "", state_of(program, job), job)


def state_of(program, job):
    awaits = program.awaits(program.waited_for(job))
    return f"awaits {awaits}" if awaits else "runs now, or will in this turn of its loop"


def calls_to_servers(program, loop):
    """Calls that the program makes on this loop."""
    layout = program.layout
    for channel in program.held(loop, "ChannelLoop"):
        for node in nodes(channel + layout["ChannelLoop.connections"]):
            connection = node - layout["ClientConnection:Node"] + layout["ClientConnection.connection"]
            peer = program.peer_of(connection)
            for stream_node in nodes(connection + layout["Connection.streams"]):
                yield from client_call(program, stream_node - layout["Stream:Node"], f"to {peer}", "awaits the server")
        waiting = [channel + layout["ChannelLoop.waiting"]]
        begin = Memory.number(channel + layout["ChannelLoop.subchannels"])
        end = Memory.number(channel + layout["ChannelLoop.subchannels"] + 8)
        waiting += [Memory.number(at) + layout["Subchannel.waiting"] for at in range(begin, min(end, begin + 8 * MOST), 8)]
        for head in waiting:
            for node in nodes(head):
                waiter = node - layout["ConnectionWaiter:Node"]
                yield from client_call(program, waiter, "", "awaits a connection")


def client_call(program, address, peer, state):
    info, begin = program.types.of(address)
    name = program.types.name(info)
    if name == "tern::ClientCall":
        yield Call(Memory.string_view(begin + program.layout["ClientCall.method"]), peer,
                   age(begin + program.layout["ClientCall.started_at"]), state)
    elif name == "tern::HedgedAttempt":
        yield Call("(an attempt of a hedged call)", peer, "", state)


class TernBt(gdb.Command):
    """Shows the chain of awaiting coroutines of a job: tern-bt [all | ADDRESS].

Without an argument: of the job that the selected thread runs, or of every job where it runs none."""

    def __init__(self):
        super().__init__("tern-bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        printer = Printer(Program())
        try:
            if argument not in ("", "all"):
                return printer.job(int(gdb.parse_and_eval(argument)), "job")
            frame = running_frame() if argument == "" else 0
            return printer.running(frame) if frame != 0 else printer.everything()
        finally:
            inlined_lines.close()


class TernCalls(gdb.Command):
    """Shows every call in flight: calls that the program answers, and calls that it makes."""

    def __init__(self):
        super().__init__("tern-calls", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        program = Program()
        try:
            for loop in program.loops():
                answered = list(calls_of_clients(program, loop))
                made = list(calls_to_servers(program, loop))
                print(f"loop {loop:#x}: {len(answered)} calls of clients, {len(made)} calls to servers")
                for title, calls in (("  of clients:", answered), ("  to servers:", made)):
                    if calls:
                        print(title)
                    for call in calls:
                        call.show(program)
        finally:
            inlined_lines.close()


TernBt()
TernCalls()
