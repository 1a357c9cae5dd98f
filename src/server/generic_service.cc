#include "tern/server/generic_service.h"

#include "tern/detail/typed_handlers.h"

namespace tern {

GenericService::GenericService() : handler_(detail::make_handler(*this, &GenericService::Call)) {}

}  // namespace tern
