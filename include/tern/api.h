// TERN_API marks the declarations that a shared tern exports. The library's other declarations are hidden. The build
// system defines TERN_SHARED for a shared tern and for programs that link it (tern::tern, tern.pc). A static library
// needs no marks.
#pragma once

#ifdef TERN_SHARED
#define TERN_API [[gnu::visibility("default")]]
#else
#define TERN_API
#endif
