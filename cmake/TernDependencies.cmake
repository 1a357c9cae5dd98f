# Finds what tern stands on; the build tree and the installed package both read this.
# Targets of a subfolder are otherwise unknown to the project that took it in, which links them.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json stacktrace_backtrace url)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
