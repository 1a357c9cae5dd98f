#include "tern/server/generic_service.h"

#include "tern/server/method_handler.h"

namespace tern {

GenericService::GenericService() : handler_(make_handler(*this, &GenericService::Call)) {}

}  // namespace tern
