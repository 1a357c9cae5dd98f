// nghttp2's allocations, served by the recycler: a stream costs it some ten of them.
#pragma once

#include <nghttp2/nghttp2.h>

namespace tern::http2 {

/// Lives for ever.
nghttp2_mem* recycled_nghttp2_memory();

}  // namespace tern::http2
