// TERN_API marks what a shared tern exports. The rest of a shared library is hidden. Its build system defines
// TERN_SHARED for the library and for programs that link it (tern::tern, tern.pc). A static library needs no marks.
#pragma once

#ifdef TERN_SHARED
#define TERN_API [[gnu::visibility("default")]]
#else
#define TERN_API
#endif
