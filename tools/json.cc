// Boost.JSON is compiled here, once, from its headers: no further package is needed for it.
#include <boost/json/src.hpp>
