// DebugLayout: where members stand in objects. tools/gdb/tern.py reads it, so that it needs no debug information: it
// works on release builds and on their core files.
#pragma once

namespace tern {

/// Each folder specialises it in src/<folder>/debug_layout.cc. It is a friend of the classes whose members it names.
template <class Folder>
struct DebugLayout;

}  // namespace tern
