// What Prometheus' own clients tell of any process, by the same names.
#pragma once

#include "telemetry/families.h"

namespace tern::telemetry {

/// Of this process, from /proc; what is not there is left out.
Families process_families();

}  // namespace tern::telemetry
