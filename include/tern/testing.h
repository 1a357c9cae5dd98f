// Everything for tests of programs on tern: CMake target tern::testing, docs/testing.md.
#pragma once

#include "tern/testing/answer.h"             // IWYU pragma: export
#include "tern/testing/call_recorder.h"      // IWYU pragma: export
#include "tern/testing/fake_service.h"       // IWYU pragma: export
#include "tern/testing/in_process_server.h"  // IWYU pragma: export
#include "tern/testing/recorded_calls.h"     // IWYU pragma: export
#include "tern/testing/time.h"               // IWYU pragma: export
